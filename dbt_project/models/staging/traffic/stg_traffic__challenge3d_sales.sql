{{ staged_sales('traffic', 'challenge3d_sales', 'challenge3d') }}
