{{ staged_sales('landing', 'express_course_sales', 'express') }}
