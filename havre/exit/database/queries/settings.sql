-- Settings under which every digest is made: the same value has the same text on both sides.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET extra_float_digits = 3;
SET bytea_output = 'hex';
SET client_encoding = 'UTF8';
SET search_path = '';
SET lc_monetary = 'C';
SET lc_numeric = 'C';
SET lc_time = 'C';
SET xmloption = 'content';
SET quote_all_identifiers = off;
SET standard_conforming_strings = on;
-- A reader whom a policy holds back is refused, not shown fewer rows.
SET row_security = off;
SET work_mem = '64MB';
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
