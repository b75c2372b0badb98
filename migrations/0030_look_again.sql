-- A day that was reconciled is looked at again when something of ours in it has changed: what we
-- had of it then, refunds too. NULL: not known, written by an earlier version.
ALTER TABLE reconcile_run ADD our_refunds bigint, ADD our_refunds_fen bigint;
