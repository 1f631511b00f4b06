-- The counters of a send follow the final statuses of its recipients, whoever writes them. Every change to or from one sets
-- `settled_at`; a trigger on `status` itself would cost each claim and mark as much again as it takes.
CREATE TRIGGER `recipients_counted` AFTER UPDATE OF `settled_at` ON `recipients`
WHEN OLD.status <> NEW.status AND (
  NEW.status IN ('sent', 'failed', 'skipped', 'cancelled', 'uncertain') OR
  OLD.status IN ('sent', 'failed', 'skipped', 'cancelled', 'uncertain')
)
BEGIN
  UPDATE sends SET
    sent = sent + (NEW.status = 'sent') - (OLD.status = 'sent'),
    failed = failed + (NEW.status = 'failed') - (OLD.status = 'failed'),
    skipped = skipped + (NEW.status = 'skipped') - (OLD.status = 'skipped'),
    cancelled = cancelled + (NEW.status = 'cancelled') - (OLD.status = 'cancelled'),
    uncertain = uncertain + (NEW.status = 'uncertain') - (OLD.status = 'uncertain')
  WHERE id = NEW.send_id;
END;
