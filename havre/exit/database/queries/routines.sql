-- Functions, procedures and aggregates; event triggers.

-- kind: routine
SELECT p.oid::regprocedure::text AS name, jsonb_build_array(
  p.prokind, @role(p.proowner), l.lanname, pg_get_function_arguments(p.oid),
  pg_get_function_result(p.oid), p.procost, p.prorows, p.prosecdef, p.proleakproof,
  p.proisstrict, p.provolatile, p.proparallel, p.prosrc, p.probin,
  @text(pg_get_function_sqlbody(p.oid)), p.proconfig,
  (SELECT jsonb_build_array(
     a.aggkind, a.aggtransfn::text, a.aggfinalfn::text, a.aggcombinefn::text,
     format_type(a.aggtranstype, NULL), a.agginitval)
   FROM pg_aggregate a WHERE a.aggfnoid = p.oid)
)::text AS line
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE @open(n.nspname) AND @ours(pg_proc, p.oid)
  -- Those of a range type come with it.
  AND NOT EXISTS (
    SELECT FROM pg_depend u WHERE u.classid = 'pg_proc'::regclass AND u.objid = p.oid
      AND u.deptype = 'i');

-- kind: event trigger
SELECT quote_ident(e.evtname) AS name, jsonb_build_array(
  e.evtevent, @role(e.evtowner), e.evtfoid::regprocedure::text, e.evtenabled, e.evttags
)::text AS line
FROM pg_event_trigger e
WHERE @ours(pg_event_trigger, e.oid);
