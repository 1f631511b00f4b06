-- The counters of a send follow the final statuses of its recipients, whoever writes them.
CREATE TRIGGER `recipients_counted` AFTER UPDATE OF `status` ON `recipients`
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
