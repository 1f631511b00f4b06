CREATE TABLE `letters` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`subscriber_id` integer,
	`email` text NOT NULL,
	`lang` text NOT NULL,
	`values` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`worker_id` text,
	`created_at` integer NOT NULL,
	`settled_at` integer,
	`message_id` text,
	`answer` text,
	`transport` text,
	`relay_fault_at` integer,
	`redirected` integer
);
--> statement-breakpoint
CREATE INDEX `letters_due` ON `letters` (`due_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `letters_held` ON `letters` (`worker_id`) WHERE status = 'in-hand';--> statement-breakpoint
CREATE INDEX `letters_failed` ON `letters` (`id`) WHERE status = 'failed';--> statement-breakpoint
CREATE INDEX `letters_subscriber` ON `letters` (`subscriber_id`);--> statement-breakpoint
CREATE INDEX `letters_asked_address` ON `letters` (lower(email)) WHERE kind = 'change-address';--> statement-breakpoint
CREATE INDEX `letters_kept_back` ON `letters` (`id`) WHERE status = 'held';--> statement-breakpoint
CREATE INDEX `letters_confirmations` ON `letters` (`created_at`) WHERE kind IN ('confirmation', 'invitation');--> statement-breakpoint
CREATE INDEX `letters_alarms` ON `letters` (`created_at`) WHERE kind = 'alarm';--> statement-breakpoint
CREATE TABLE `media` (
	`hash` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`bytes` blob NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `recipients` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`send_id` text NOT NULL,
	`subscriber_id` integer NOT NULL,
	`email` text NOT NULL,
	`written` text NOT NULL,
	`lists` text NOT NULL,
	`lang` text,
	`active_lists` text,
	`status` text NOT NULL,
	`reason` text,
	`enhanced` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`resend` integer DEFAULT 0 NOT NULL,
	`due_at` integer,
	`relay_fault_at` integer,
	`lane` text,
	`route` text,
	`transport` text,
	`claim_id` text,
	`worker_id` text,
	`in_hand_at` integer,
	`settled_at` integer,
	`message_id` text,
	`provider_id` text,
	`answer` text,
	`delivery` text,
	`delivery_class` text,
	`settled_by` text,
	`redirected` integer,
	FOREIGN KEY (`send_id`) REFERENCES `sends`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `recipients_pending` ON `recipients` (`send_id`,`id`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `recipients_deferred` ON `recipients` (`send_id`,`lane`,`due_at`) WHERE status = 'deferred';--> statement-breakpoint
CREATE INDEX `recipients_pending_routed` ON `recipients` (`send_id`,`route`,`id`) WHERE status = 'pending' AND route IS NOT NULL;--> statement-breakpoint
CREATE INDEX `recipients_deferred_routed` ON `recipients` (`send_id`,`route`,`lane`,`due_at`) WHERE status = 'deferred' AND route IS NOT NULL;--> statement-breakpoint
CREATE INDEX `recipients_carried` ON `recipients` (`send_id`,`transport`,`status`) WHERE route IS NOT NULL;--> statement-breakpoint
CREATE INDEX `recipients_claimed` ON `recipients` (`claim_id`) WHERE status = 'claimed';--> statement-breakpoint
CREATE INDEX `recipients_in_hand` ON `recipients` (`worker_id`) WHERE status = 'in-hand';--> statement-breakpoint
CREATE INDEX `recipients_uncertain` ON `recipients` (`send_id`,`id`) WHERE status = 'uncertain';--> statement-breakpoint
CREATE INDEX `recipients_failed` ON `recipients` (`send_id`,`id`) WHERE status = 'failed';--> statement-breakpoint
CREATE INDEX `recipients_send` ON `recipients` (`send_id`,`id`);--> statement-breakpoint
CREATE INDEX `recipients_email` ON `recipients` (`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `recipients_once` ON `recipients` (`send_id`,`email`);--> statement-breakpoint
CREATE TABLE `sends` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`content_hash` text NOT NULL,
	`snapshot` text NOT NULL,
	`lists` text NOT NULL,
	`segment` text,
	`exclude` text DEFAULT '[]' NOT NULL,
	`trigger_key` text NOT NULL,
	`audience` text NOT NULL,
	`only_to` text,
	`status` text NOT NULL,
	`reason` text,
	`paused_from` text,
	`git_commit` text,
	`created_at` integer NOT NULL,
	`scheduled_at` integer NOT NULL,
	`local_time` text,
	`until` integer,
	`started_at` integer,
	`freeze_cursor` integer DEFAULT 0 NOT NULL,
	`freeze_until` integer,
	`frozen_at` integer,
	`finished_at` integer,
	`purged_at` integer,
	`trashed_at` integer,
	`emptied_at` integer,
	`total` integer DEFAULT 0 NOT NULL,
	`sent` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`skipped` integer DEFAULT 0 NOT NULL,
	`cancelled` integer DEFAULT 0 NOT NULL,
	`uncertain` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`snapshot`) REFERENCES `snapshots`(`hash`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sends_trigger_key_unique` ON `sends` (`trigger_key`);--> statement-breakpoint
CREATE INDEX `sends_open` ON `sends` (`status`,`scheduled_at`) WHERE status NOT IN ('done', 'cancelled');--> statement-breakpoint
CREATE INDEX `sends_slug` ON `sends` (`slug`);--> statement-breakpoint
CREATE INDEX `sends_content` ON `sends` (`content_hash`);--> statement-breakpoint
CREATE TABLE `snapshots` (
	`hash` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`compiled` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `consents` (
	`id` integer PRIMARY KEY NOT NULL,
	`subscriber_id` integer NOT NULL,
	`list_id` text NOT NULL,
	`at` integer NOT NULL,
	`source` text NOT NULL,
	`form` text,
	`wording` text,
	`lang` text,
	`ip` text,
	`user_agent` text,
	`said` text,
	`confirmed_at` integer,
	`confirmed_ip` text,
	`confirmed_user_agent` text,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `consents_subscriber` ON `consents` (`subscriber_id`);--> statement-breakpoint
CREATE TABLE `former_ids` (
	`source` text NOT NULL,
	`id` text NOT NULL,
	`subscriber_id` integer NOT NULL,
	PRIMARY KEY(`source`, `id`)
);
--> statement-breakpoint
CREATE INDEX `former_ids_subscriber` ON `former_ids` (`subscriber_id`);--> statement-breakpoint
CREATE TABLE `lists` (
	`id` text PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`title` text NOT NULL,
	`public` integer NOT NULL,
	`became` text,
	`created_at` integer NOT NULL,
	`tried_at` integer,
	`synced_at` integer,
	`sync_fault` text
);
--> statement-breakpoint
CREATE TABLE `subscribers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`email` text NOT NULL,
	`written` text NOT NULL,
	`name` text DEFAULT '' NOT NULL,
	`lang` text,
	`time_zone` text,
	`attributes` text DEFAULT '{}' NOT NULL,
	`tracking_agreed_at` integer,
	`paused_until` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subscribers_email_unique` ON `subscribers` (`email`);--> statement-breakpoint
CREATE TABLE `subscriptions` (
	`subscriber_id` integer NOT NULL,
	`list_id` text NOT NULL,
	`status` text NOT NULL,
	`asked_at` integer NOT NULL,
	`active_at` integer,
	`ended_at` integer,
	`end_reason` text,
	PRIMARY KEY(`subscriber_id`, `list_id`),
	FOREIGN KEY (`subscriber_id`) REFERENCES `subscribers`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`list_id`) REFERENCES `lists`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `subscriptions_active` ON `subscriptions` (`list_id`,`subscriber_id`) WHERE status = 'active';--> statement-breakpoint
CREATE TABLE `suppressed_hashes` (
	`kind` text NOT NULL,
	`hash` text NOT NULL,
	`reason` text NOT NULL,
	`note` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`kind`, `hash`)
);
--> statement-breakpoint
CREATE TABLE `suppressions` (
	`email` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`note` text,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `letter_templates` (
	`kind` text PRIMARY KEY NOT NULL,
	`template` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `erasures` (
	`subscriber_id` integer PRIMARY KEY NOT NULL,
	`emails` text NOT NULL,
	`actor` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `reconsents` (
	`send_id` text PRIMARY KEY NOT NULL,
	`list_id` text NOT NULL,
	`days` integer NOT NULL,
	`actor` text NOT NULL,
	`at` integer NOT NULL,
	`ended_at` integer,
	`is_stopped` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`send_id`) REFERENCES `sends`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `reconsents_list` ON `reconsents` (`list_id`,`at`);--> statement-breakpoint
CREATE TABLE `reject_files` (
	`machine` text NOT NULL,
	`path` text NOT NULL,
	`digest` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`machine`, `path`)
);
--> statement-breakpoint
CREATE TABLE `wordings` (
	`hash` text PRIMARY KEY NOT NULL,
	`text` text NOT NULL,
	`lang` text,
	`first_used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`transport` text NOT NULL,
	`type` text NOT NULL,
	`word` text NOT NULL,
	`at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`email` text,
	`class` text,
	`about` text,
	`status` text,
	`reason` text,
	`url` text,
	`message_id` text,
	`provider_event_id` text,
	`is_machine` integer DEFAULT false NOT NULL,
	`raw` text NOT NULL,
	`recipient_id` integer,
	`resend` integer,
	`send_id` text,
	`letter_id` integer,
	`matched_by` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_key_unique` ON `events` (`key`);--> statement-breakpoint
CREATE INDEX `events_send` ON `events` (`send_id`);--> statement-breakpoint
CREATE INDEX `events_email` ON `events` (`email`);--> statement-breakpoint
CREATE INDEX `events_unmatched` ON `events` (`id`) WHERE matched_by IS NULL;--> statement-breakpoint
CREATE TABLE `send_counts` (
	`send_id` text NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`n` integer NOT NULL,
	PRIMARY KEY(`send_id`, `kind`, `key`)
);
--> statement-breakpoint
CREATE TABLE `webhook_batches` (
	`key` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhook_batches_at` ON `webhook_batches` (`at`);--> statement-breakpoint
CREATE TABLE `attempts` (
	`key` text NOT NULL,
	`free_at` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`key`, `free_at`)
);
--> statement-breakpoint
CREATE INDEX `attempts_free` ON `attempts` (`free_at`);--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_subject` ON `audit` (`subject`);--> statement-breakpoint
CREATE INDEX `audit_former_address` ON `audit` (detail ->> 'from') WHERE action = 'change-address';--> statement-breakpoint
CREATE TABLE `guard` (
	`scope` text NOT NULL,
	`cause` text NOT NULL,
	`level` integer NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`scope`, `cause`)
);
--> statement-breakpoint
CREATE TABLE `lanes` (
	`scope` text PRIMARY KEY NOT NULL,
	`next_at` integer DEFAULT 0 NOT NULL,
	`behind` integer DEFAULT 0 NOT NULL,
	`parked_until` integer DEFAULT 0 NOT NULL,
	`parked_reason` text,
	`faults` integer DEFAULT 0 NOT NULL,
	`faults_from` integer DEFAULT 0 NOT NULL,
	`answered_at` integer DEFAULT 0 NOT NULL,
	`failing` text,
	`spacing` integer DEFAULT 0 NOT NULL,
	`slowed_from` integer DEFAULT 0 NOT NULL,
	`slowed_at` integer DEFAULT 0 NOT NULL,
	`slowed_reason` text,
	`queued_until` integer DEFAULT 0 NOT NULL,
	`ramp_from` integer,
	`refusal` text,
	`refusals` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pace` (
	`scope` text NOT NULL,
	`window_ms` integer NOT NULL,
	`free_at` integer NOT NULL,
	`slots` integer NOT NULL,
	PRIMARY KEY(`scope`, `window_ms`, `free_at`)
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE TABLE `workers` (
	`id` text PRIMARY KEY NOT NULL,
	`machine` text NOT NULL,
	`pid` integer NOT NULL,
	`started_at` integer NOT NULL,
	`lease_until` integer NOT NULL
);
