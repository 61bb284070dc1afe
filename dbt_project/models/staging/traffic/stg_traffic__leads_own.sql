{{ staged_leads('traffic', 'traffic_leads') }}
