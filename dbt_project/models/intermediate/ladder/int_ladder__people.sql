select
    node,
    component
from {{ connected_components(ref('int_ladder__edges')) }}
