{{ staged_sales('landing', 'challenge3d_sales', 'challenge3d') }}
