{{ staged_setting_items('landing', 'campaigns') }}
