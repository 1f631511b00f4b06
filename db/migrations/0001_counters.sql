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
--> statement-breakpoint
-- So do the counters of what was reported, of the send and of each recipient domain in it. What was refused after all counts with
-- those that were sent, so that it is never counted beside a failure of the same mail.
CREATE TRIGGER `deliveries_counted` AFTER UPDATE OF `delivery`, `delivery_class`, `settled_at` ON `recipients`
WHEN OLD.delivery IS NOT NEW.delivery OR OLD.delivery_class IS NOT NEW.delivery_class
  OR (NEW.delivery IN ('rejected', 'bounced') AND (OLD.status = 'sent') <> (NEW.status = 'sent'))
BEGIN
  INSERT INTO send_counts (send_id, kind, key, n)
  SELECT NEW.send_id, kind, place || state, change FROM (
    SELECT OLD.delivery || coalesce(':' || OLD.delivery_class, '') AS state, -1 AS change
    WHERE OLD.delivery NOT IN ('rejected', 'bounced') OR OLD.status = 'sent'
    UNION ALL SELECT NEW.delivery || coalesce(':' || NEW.delivery_class, ''), 1
    WHERE NEW.delivery NOT IN ('rejected', 'bounced') OR NEW.status = 'sent'
  ), (
    SELECT 'delivery' AS kind, '' AS place
    UNION ALL SELECT 'domain', substr(NEW.email, instr(NEW.email, '@') + 1) || ' '
  ) WHERE state IS NOT NULL
  ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + excluded.n;
END;
--> statement-breakpoint
-- What the statistics say of recipients by domain and by the hour, they count in the recipients themselves; here it is kept of those
-- that go, whoever deletes them, but for the sends of a trash that was emptied.
CREATE TRIGGER `recipients_kept` AFTER DELETE ON `recipients`
WHEN OLD.status IN ('sent', 'failed') AND (SELECT emptied_at FROM sends WHERE id = OLD.send_id) IS NULL
BEGIN
  INSERT INTO send_counts (send_id, kind, key, n)
  VALUES (OLD.send_id, 'gone', substr(OLD.email, instr(OLD.email, '@') + 1) || ' ' || OLD.status, 1)
  ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + 1;
  INSERT INTO send_counts (send_id, kind, key, n)
  SELECT OLD.send_id, 'gone-hour', strftime('%Y-%m-%dT%H', OLD.in_hand_at / 1000, 'unixepoch') || ' sent', 1
  WHERE OLD.status = 'sent' AND OLD.in_hand_at IS NOT NULL
  ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + 1;
END;
