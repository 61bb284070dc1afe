select
    node,
    component
from {{ connected_components(ref('int_identity__buyer_edges')) }}
