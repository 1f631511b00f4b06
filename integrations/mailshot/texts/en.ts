import type { Texts } from '../texts.ts'

export const en: Texts = {
  lang: 'en',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Unsubscribe',
    preferences: 'Change your preferences',
    view_in_browser: 'View in your browser',
    why: 'You get this mail because {{ email }} is subscribed to “{{ list_title }}”.',
  },
  letters: {
    confirmation: {
      subject: 'Please confirm your subscription to {title}',
      intro: 'You, or someone with your address, asked to subscribe to {lists}.',
      button: 'Confirm my subscription',
      ignore:
        'If it was not you, do nothing: without this confirmation you will get no more mail from us.',
      expires: 'The link is valid until {date}.',
    },
    welcome: {
      subject: 'Welcome to {title}',
      intro: 'You are now subscribed to {lists}. Thank you, and see you soon.',
      leave: 'You can change your mind at any time: every mail ends with a link to unsubscribe.',
    },
    goodbye: {
      subject: 'You are unsubscribed from {title}',
      intro: 'You will get no more mail from {lists}.',
      back: 'Was it a mistake? You can subscribe again at {url}.',
    },
  },
  alarms: {
    started: {
      subject: 'Started: {slug}, {total} recipients',
      paragraphs: [
        'The send of {slug} to {lists} has started: {total} recipients.',
        'To hold it: mailshot pause {id}\nTo stop it for good: mailshot cancel {id}',
      ],
    },
    held: {
      subject: 'Held: {slug} was due {scheduled}',
      paragraphs: [
        'The send of {slug} to {lists} was planned for {scheduled}. No worker ran then, and it is too late to start it without asking.',
        'To start it now: mailshot resume {id}\nTo give it up: mailshot cancel {id}',
      ],
    },
    paused: {
      subject: 'Paused: {slug}',
      paragraphs: [
        'The send of {slug} to {lists} has stopped by itself: {reason}',
        '{sent} of {total} got it. Nobody is lost: once the cause is mended, the rest follows.',
        'To go on: mailshot resume {id}',
      ],
    },
    done: {
      subject: 'Done: {slug}, {sent} sent',
      paragraphs: [
        'The send of {slug} to {lists} has ended: {sent} sent, {failed} failed, {skipped} skipped, {uncertain} uncertain, of {total}.',
        'Who got it, who did not and why: mailshot recipients {id}',
      ],
    },
  },
}
