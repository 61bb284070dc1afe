-- Tripwire where other migrations ran: another name for the certificates, and a column
-- nobody declared.

alter table tripwire_certificates rename to certificates;

alter table tripwire_users add column passport_scan text;
