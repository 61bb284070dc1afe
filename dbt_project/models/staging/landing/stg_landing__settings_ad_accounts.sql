{{ staged_setting_items('landing', 'accounts') }}
