select
    node,
    component
from {{ connected_components(ref('int_identity__lead_edges')) }}
