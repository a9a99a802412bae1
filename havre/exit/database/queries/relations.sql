-- Tables, views, sequences and what hangs on them.

-- kind: table definition
SELECT format('%I.%I', n.nspname, c.relname) AS name, l.line
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL (
  SELECT jsonb_build_array(
    'table', c.relkind, c.relpersistence, @role(c.relowner), m.amname, c.relreplident,
    c.relrowsecurity, c.relforcerowsecurity, pg_get_partkeydef(c.oid),
    @text(pg_get_expr(c.relpartbound, c.oid)), format_type(nullif(c.reloftype, 0), NULL),
    (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(c.reloptions) o),
    (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM pg_foreign_table f, unnest(f.ftoptions) o
     WHERE f.ftrelid = c.oid),
    (SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver
     WHERE f.ftrelid = c.oid)
  )::text AS line
  UNION ALL
  SELECT jsonb_build_array(
    'column', row_number() OVER (ORDER BY a.attnum), a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    @text(pg_get_expr(d.adbin, d.adrelid)), a.attstorage, a.attcompression,
    coalesce(a.attstattarget, -1),
    (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co
     JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation),
    (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(a.attoptions) o),
    (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(a.attfdwoptions) o)
  )::text
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT jsonb_build_array('inherits', i.inhseqno, i.inhparent::regclass)::text
  FROM pg_inherits i WHERE i.inhrelid = c.oid
) l
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND @open(n.nspname)
  AND @ours(pg_class, c.oid);

-- kind: view
SELECT format('%I.%I', n.nspname, c.relname) AS name, l.line
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT jsonb_build_array(
    'view', c.relkind, @role(c.relowner), c.relispopulated, @text(pg_get_viewdef(c.oid)),
    (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(c.reloptions) o)
  )::text AS line
  UNION ALL
  SELECT jsonb_build_array(
    'column', row_number() OVER (ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
    @text(pg_get_expr(d.adbin, d.adrelid)), coalesce(a.attstattarget, -1)
  )::text
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT jsonb_build_array('reads', o.type, o.identity)::text
  FROM pg_rewrite r JOIN pg_depend u ON u.classid = 'pg_rewrite'::regclass AND u.objid = r.oid
  CROSS JOIN LATERAL pg_identify_object(u.refclassid, u.refobjid, u.refobjsubid) o
  WHERE r.ev_class = c.oid AND u.deptype = 'n' AND u.refobjid <> c.oid
) l
WHERE c.relkind IN ('v', 'm') AND @open(n.nspname) AND @ours(pg_class, c.oid);

-- kind: sequence definition
SELECT format('%I.%I', n.nspname, c.relname) AS name, jsonb_build_array(
  @role(c.relowner), c.relpersistence, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
  s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
  (SELECT jsonb_agg(jsonb_build_array(u.deptype, o.identity)) FROM pg_depend u
   CROSS JOIN LATERAL pg_identify_object(u.refclassid, u.refobjid, u.refobjsubid) o
   WHERE u.classid = 'pg_class'::regclass AND u.objid = c.oid AND u.deptype IN ('a', 'i')
     AND u.refobjsubid > 0)
)::text AS line
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relpersistence <> 't' AND @open(n.nspname) AND @ours(pg_class, c.oid);

-- kind: constraint
SELECT format('%I.%I %I', n.nspname, c.relname, k.conname) AS name, jsonb_build_array(
  k.contype, k.convalidated, k.condeferrable, k.condeferred,
  CASE WHEN k.contype IN ('c', 'n') THEN k.connoinherit END,
  @text(pg_get_constraintdef(k.oid))
)::text AS line
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE @open(n.nspname) AND @ours(pg_class, c.oid)
  AND k.contype <> 't' AND (k.contype <> 'n' OR NOT k.convalidated)
  -- What a foreign key is on partitions follows from it, under names that each version chooses.
  AND NOT (k.contype = 'f' AND k.conparentid <> 0);

-- kind: index
SELECT format('%I.%I', n.nspname, c.relname) AS name, jsonb_build_array(
  pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisvalid, i.indisreplident,
  i.indisclustered, i.indimmediate,
  (SELECT jsonb_agg(jsonb_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum)
   FROM pg_attribute a WHERE a.attrelid = c.oid AND coalesce(a.attstattarget, -1) >= 0)
)::text AS line
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.relpersistence <> 't' AND @open(n.nspname) AND @ours(pg_class, t.oid);

-- kind: trigger
SELECT format('%I.%I %I', n.nspname, c.relname, t.tgname) AS name,
  jsonb_build_array(t.tgenabled, @text(pg_get_triggerdef(t.oid)))::text AS line
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND @open(n.nspname) AND @ours(pg_class, c.oid);

-- kind: rule
SELECT format('%I.%I %I', n.nspname, c.relname, r.rulename) AS name,
  jsonb_build_array(r.ev_enabled, @text(pg_get_ruledef(r.oid)))::text AS line
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND @open(n.nspname) AND @ours(pg_class, c.oid);

-- kind: policy
SELECT format('%I.%I %I', n.nspname, c.relname, p.polname) AS name, jsonb_build_array(
  p.polcmd, p.polpermissive,
  (SELECT jsonb_agg(coalesce(@role(o), 'public') ORDER BY coalesce(@role(o), 'public') COLLATE "C")
   FROM unnest(p.polroles) o),
  @text(pg_get_expr(p.polqual, p.polrelid)), @text(pg_get_expr(p.polwithcheck, p.polrelid))
)::text AS line
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE @open(n.nspname) AND @ours(pg_class, c.oid);

-- kind: statistics
SELECT format('%I.%I', n.nspname, s.stxname) AS name, jsonb_build_array(
  @role(s.stxowner), coalesce((to_jsonb(s) ->> 'stxstattarget')::int, -1),
  pg_get_statisticsobjdef(s.oid)
)::text AS line
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE @open(n.nspname);
