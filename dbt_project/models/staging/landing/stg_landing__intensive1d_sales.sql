{{ staged_sales('landing', 'intensive1d_sales', 'intensive1d') }}
