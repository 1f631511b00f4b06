import type { Texts } from '../texts.ts'
import { pages } from './en/pages.ts'

export const en: Texts = {
  lang: 'en',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Unsubscribe',
    preferences: 'Change your preferences',
    view_in_browser: 'View in your browser',
    why: 'You are receiving this email because {{ email }} is subscribed to “{{ list_title }}”.',
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
      paragraphs: ['The send of {slug} to {lists} has started: {total} recipients.'],
      button: 'Hold or stop this send',
      commands:
        'Or by command, to hold it: mailshot pause {id}\nTo stop it for good: mailshot cancel {id}',
    },
    held: {
      subject: 'Held: {slug} was due {scheduled}',
      paragraphs: [
        'The send of {slug} to {lists} was planned for {scheduled}. No worker ran then, and it is too late to start it without asking.',
      ],
      button: 'Start this send, or give it up',
      commands:
        'Or by command, to start it now: mailshot resume {id}\nTo give it up: mailshot cancel {id}',
    },
    paused: {
      subject: 'Paused: {slug}',
      paragraphs: [
        'The send of {slug} to {lists} has stopped by itself: {reason}',
        '{sent} of {total} got it. Nobody is lost: once the problem is fixed, the rest follows.',
      ],
      button: 'Let this send go on',
      commands: 'Or by command: mailshot resume {id}',
    },
    done: {
      subject: 'Done: {slug}, {sent} sent',
      paragraphs: [
        'The send of {slug} to {lists} has ended: {sent} sent, {failed} failed, {skipped} skipped, {uncertain} uncertain, of {total}.',
      ],
      button: 'See this send',
      commands: 'Who got it, who did not and why: mailshot recipients {id}',
    },
  },
  resting: {
    subject: 'The mail server takes no mails for now',
    paragraphs: [
      'It has refused for an hour, or asked to wait that long: {reason}',
      'Nobody has lost a try by it. Mailshot goes on by itself when the mail server does.',
    ],
    commands: 'What waits, and until when: mailshot status. To try at once: mailshot resume <send>',
  },
  guard: {
    paused: {
      subject: 'Paused to be looked at: {slug}',
      paragraphs: [
        'The send of {slug} to {lists} has stopped by itself. {cause}',
        'Going on like this harms the reputation of your address, and later mails end up as spam. Look at what was refused first: a list that is old or was bought, an account that is not set up, or a letter that people did not expect.',
        'Nobody is lost: {sent} of {total} got it, and the rest follows when you let it go on. That also says that you have seen this: it stops again only if it gets worse.',
      ],
      button: 'Look at this send, and let it go on',
      commands:
        'What was refused: mailshot events --send {id}\nOr by command, to let it go on: mailshot resume {id}\nTo give it up: mailshot cancel {id}',
    },
    held: {
      subject: 'Held: the mails of {slug} to {domain}',
      paragraphs: [
        '{cause} So the mails of {slug} to this domain wait, while all others go on.',
        'Look at what it answers: often it does not take this letter, or your address, for now. When you let it go on, it stops again only if it gets worse.',
      ],
      button: 'Look at this send, and let it go on',
      commands:
        'What was refused: mailshot events --send {id}\nOr by command, to let it go on: mailshot resume {id}',
    },
    warned: {
      subject: 'Complaints about {slug}',
      paragraphs: [
        '{cause} The send of {slug} to {lists} goes on, and pauses if there are many more.',
        'Those who complained get nothing any more. A letter that nobody expected, or a link to leave that is hard to find, are the usual causes.',
      ],
      button: 'See this send',
      commands: 'Who complained: mailshot events --send {id}\nTo hold it: mailshot pause {id}',
    },
    causes: {
      failures: '{count} of {of} mails ({share}) failed or came back; the limit is {limit}.',
      'hard-bounces':
        '{count} of {of} mails ({share}) were refused for good; the limit is {limit}.',
      complaints: '{count} of {of} mails ({share}) were reported as spam; the limit is {limit}.',
      'complaint-warning':
        '{count} of {of} mails ({share}) were reported as spam; from {limit} on you are told.',
      domain:
        '{count} of {of} mails to {domain} ({share}) failed or came back; the limit is {limit}.',
    },
    late: 'In the last {days} days: ',
  },
  givenUp: '{cancelled} were given up: the end date of the send, {until}, came before their turn.',
  endedUnstarted: 'Nobody got it: its end date, {until}, came before it could start.',
  pages,
  archive: {
    heading: 'Our letters',
    intro: 'What {title} has sent to its readers, the latest first.',
    empty: {
      heading: 'Nothing has been sent yet',
      paragraphs: ['The first letter can be read here once it is sent. Better still, subscribe.'],
    },
    older: 'Older letters',
    newest: 'Back to the latest',
    all: 'All letters',
    sent: 'Sent on {date}',
    read: 'Read in English',
    alone: 'Open the letter on its own',
    feed: 'Follow by RSS',
    next: {
      heading: 'And the next one?',
      text: 'Get it by email, and leave whenever you like, with one click.',
      button: 'Subscribe',
    },
    unknown: {
      heading: 'This letter is not here',
      paragraphs: [
        'The address may be incomplete, or the letter is not one that everybody may read.',
        'If you got it by email, the link “View in your browser” of that mail will show it to you.',
      ],
    },
    test: {
      heading: 'This was a test mail',
      paragraphs: [
        'Tests are not kept, so there is nothing to show here. Once the letter is really sent, this link opens the mail that each person got.',
      ],
    },
    gone: {
      heading: 'This mail is not kept any more',
      paragraphs: [
        'The person it was written to is no longer subscribed here, and their data was erased.',
        'If the letter was public, you will find it among all those that we have sent.',
      ],
    },
  },
}
