{{ staged_setting_items('traffic', 'campaigns') }}
