{{ staged_sales('traffic', 'express_course_sales', 'express') }}
