-- What leads out of the database: publications, subscriptions, foreign servers, slots.
-- No connection string and no option of a user mapping is read: they may hold a password.

-- kind: publication
SELECT quote_ident(p.pubname) AS name, l.line
FROM pg_publication p
CROSS JOIN LATERAL (
  SELECT jsonb_build_array(
    'publication', @role(p.pubowner), p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete,
    p.pubtruncate, p.pubviaroot)::text AS line
  UNION ALL
  SELECT jsonb_build_array('table', r.prrelid::regclass, @text(pg_get_expr(r.prqual, r.prrelid)),
    (SELECT jsonb_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
     WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)))::text
  FROM pg_publication_rel r WHERE r.prpubid = p.oid
  UNION ALL
  SELECT jsonb_build_array('schema', n.nspname)::text
  FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid
) l
WHERE p.pubname NOT LIKE 'havre\_exit\_%';

-- kind: subscription
SELECT quote_ident(s.subname) AS name, jsonb_build_array(s.subenabled, s.subpublications)::text AS line
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND s.subname NOT LIKE 'havre\_exit\_%';

-- kind: foreign data wrapper
SELECT quote_ident(f.fdwname) AS name, jsonb_build_array(
  @role(f.fdwowner), f.fdwhandler::regproc::text, f.fdwvalidator::regproc::text,
  (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(f.fdwoptions) o))::text AS line
FROM pg_foreign_data_wrapper f
WHERE @ours(pg_foreign_data_wrapper, f.oid);

-- kind: foreign server
SELECT quote_ident(s.srvname) AS name, jsonb_build_array(
  @role(s.srvowner), f.fdwname, s.srvtype, s.srvversion,
  (SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(s.srvoptions) o))::text AS line
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw;

-- kind: user mapping
SELECT quote_ident(u.srvname) || ' ' || quote_ident(CASE WHEN u.umuser = 0 THEN 'public' ELSE @role(u.umuser) END) AS name,
  'mapped' AS line
FROM pg_user_mappings u;

-- kind: replication slot
SELECT quote_ident(s.slot_name) AS name, jsonb_build_array(s.slot_type, s.plugin)::text AS line
FROM pg_replication_slots s
WHERE (s.database IS NULL OR s.database = current_database()) AND NOT s.temporary
  AND s.slot_name NOT LIKE 'havre\_exit\_%';
