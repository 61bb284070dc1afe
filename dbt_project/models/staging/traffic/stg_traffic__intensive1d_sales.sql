{{ staged_sales('traffic', 'intensive1d_sales', 'intensive1d') }}
