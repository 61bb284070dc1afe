-- Both ends of every accepted edge are the same person, in all four graphs.
{{ config(meta={'dagster': {'ref': {'name': 'int_identity__lead_components'}}}) }}
{% set graphs = [
    ('int_identity__lead_edges', 'int_identity__lead_components'),
    ('int_identity__buyer_edges', 'int_identity__buyer_components'),
    ('int_identity__touch_edges', 'int_identity__touch_components'),
    ('int_sales__chain_links', 'int_sales__chain_components'),
] %}

{% for edges, components in graphs %}
select
    edges.node_a,
    edges.node_b
from {{ ref(edges) }} as edges
left join {{ ref(components) }} as starts on edges.node_a = starts.node
left join {{ ref(components) }} as ends on edges.node_b = ends.node
where
    coalesce(starts.component, '') <> coalesce(ends.component, '')
    or starts.component is null
{% if not loop.last %}union all{% endif %}
{% endfor %}
