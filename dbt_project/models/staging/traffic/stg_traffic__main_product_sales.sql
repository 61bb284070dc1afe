{{ staged_sales('traffic', 'main_product_sales', 'flagman') }}
