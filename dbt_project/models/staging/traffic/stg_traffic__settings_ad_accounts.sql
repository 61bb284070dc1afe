{{ staged_setting_items('traffic', 'accounts') }}
