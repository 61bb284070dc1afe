{#- Connected components of a graph of (node_a, node_b) edges.

    Contraction with pointer jumping: every node hooks onto its smallest neighbour,
    chains collapse by doubling, what remains is a smaller graph. A chain of any length
    takes one round, a million edges about four; a recursive CTE takes a round per link.
    A component is named after its smallest node. -#}

{% macro connected_components(relation) -%}
    {{ return(adapter.dispatch('connected_components', 'traffic')(relation)) }}
{%- endmacro %}

{% macro default__connected_components(relation) -%}
    util.connected_components('{{ relation }}')
{%- endmacro %}

{% macro create_components_function() -%}
create or replace function util.connected_components(edges text)
returns table (node text, component text)
language plpgsql
set client_min_messages = warning
as $function$
begin
    drop table if exists
        pg_temp.component_nodes,
        pg_temp.component_edges,
        pg_temp.component_parents,
        pg_temp.component_remains;

    execute format(
        'create temp table component_nodes as
        select
            cast(row_number() over (order by names.name) as integer) as id,
            names.name,
            cast(row_number() over (order by names.name) as integer) as root
        from (select node_a as name from %1$s union select node_b from %1$s) as names',
        edges
    );
    analyze component_nodes;

    execute format(
        'create temp table component_edges as
        select distinct
            least(node_a.id, node_b.id) as low,
            greatest(node_a.id, node_b.id) as high
        from %1$s as edges
        inner join component_nodes as node_a on node_a.name = edges.node_a
        inner join component_nodes as node_b on node_b.name = edges.node_b
        where node_a.id <> node_b.id',
        edges
    );

    while exists (select 1 from component_edges) loop
        analyze component_edges;

        create temp table component_parents as
        select edge.high as child, min(edge.low) as parent
        from component_edges as edge
        group by edge.high;
        analyze component_parents;

        loop
            update component_parents as link
            set parent = next_link.parent
            from component_parents as next_link
            where next_link.child = link.parent;
            exit when not found;
        end loop;

        update component_nodes as labelled
        set root = link.parent
        from component_parents as link
        where link.child = labelled.root;

        create temp table component_remains as
        select distinct
            least(ends.low, ends.high) as low,
            greatest(ends.low, ends.high) as high
        from (
            select
                coalesce(low_link.parent, edge.low) as low,
                coalesce(high_link.parent, edge.high) as high
            from component_edges as edge
            left join component_parents as low_link on low_link.child = edge.low
            left join component_parents as high_link on high_link.child = edge.high
        ) as ends
        where ends.low <> ends.high;

        drop table component_edges, component_parents;
        alter table component_remains rename to component_edges;
    end loop;

    return query
    select labelled.name, smallest.name
    from component_nodes as labelled
    inner join component_nodes as smallest on smallest.id = labelled.root;

    drop table component_nodes, component_edges;
end
$function$;
{%- endmacro %}
