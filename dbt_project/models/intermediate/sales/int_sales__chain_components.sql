select
    node,
    component
from {{ connected_components(ref('int_sales__chain_links')) }}
