{{ staged_sales('landing', 'main_product_sales', 'flagman') }}
