{{ staged_leads('landing', 'landing_leads') }}
