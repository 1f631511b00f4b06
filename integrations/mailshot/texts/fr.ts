import type { Texts } from '../texts.ts'
import { pages } from './fr/pages.ts'

export const fr: Texts = {
  lang: 'fr',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Se désinscrire',
    preferences: 'Modifier vos préférences',
    view_in_browser: 'Voir dans le navigateur',
    why: 'Vous recevez ce message parce que l’adresse {{ email }} est inscrite à « {{ list_title }} ».',
  },
  letters: {
    confirmation: {
      subject: 'Confirmez votre inscription à {title}',
      intro: 'Vous, ou une personne utilisant votre adresse, avez demandé à recevoir {lists}.',
      button: 'Confirmer mon inscription',
      ignore:
        'Si ce n’était pas vous, ne faites rien : sans cette confirmation, vous ne recevrez plus de message de notre part.',
      expires: 'Le lien est valable jusqu’au {date}.',
    },
    welcome: {
      subject: 'Bienvenue chez {title}',
      intro: 'C’est fait : vous recevrez {lists}. Merci, et à bientôt.',
      leave:
        'Vous pouvez changer d’avis à tout moment : chaque message se termine par un lien de désinscription.',
    },
    goodbye: {
      subject: 'Votre désinscription de {title} est faite',
      intro: 'Vous ne recevrez plus de message de {lists}.',
      back: 'C’était une erreur ? Vous pouvez vous réinscrire sur {url}.',
    },
  },
  alarms: {
    started: {
      subject: 'Envoi commencé : {slug}, {total} destinataires',
      paragraphs: ['L’envoi de {slug} à {lists} a commencé : {total} destinataires.'],
      button: 'Suspendre ou arrêter cet envoi',
      commands:
        'Ou par une commande, pour le suspendre : mailshot pause {id}\nPour l’arrêter définitivement : mailshot cancel {id}',
    },
    held: {
      subject: 'Envoi retenu : {slug}, prévu le {scheduled}',
      paragraphs: [
        'L’envoi de {slug} à {lists} était prévu le {scheduled}. Aucun processus d’envoi ne tournait alors, et il est trop tard pour le lancer sans vous le demander.',
      ],
      button: 'Lancer cet envoi, ou y renoncer',
      commands:
        'Ou par une commande, pour le lancer maintenant : mailshot resume {id}\nPour y renoncer : mailshot cancel {id}',
    },
    paused: {
      subject: 'Envoi suspendu : {slug}',
      paragraphs: [
        'L’envoi de {slug} à {lists} s’est suspendu de lui-même : {reason}',
        '{sent} personnes sur {total} l’ont reçu. Personne n’est oublié : une fois la cause réparée, le reste suivra.',
      ],
      button: 'Reprendre cet envoi',
      commands: 'Ou par une commande : mailshot resume {id}',
    },
    done: {
      subject: 'Envoi terminé : {slug}, {sent} envoyés',
      paragraphs: [
        'L’envoi de {slug} à {lists} est terminé : {sent} envoyés, {failed} en échec, {skipped} écartés, {uncertain} incertains, sur {total}.',
      ],
      button: 'Voir cet envoi',
      commands: 'Qui l’a reçu, qui ne l’a pas reçu et pourquoi : mailshot recipients {id}',
    },
  },
  resting: {
    subject: 'Le serveur de courriel n’accepte rien pour l’instant',
    paragraphs: [
      'Il refuse depuis une heure, ou a demandé d’attendre aussi longtemps : {reason}',
      'Personne n’y a perdu d’essai. Mailshot reprend de lui-même dès que le serveur le permet.',
    ],
    commands:
      'Ce qui attend, et jusqu’à quand : mailshot status. Pour réessayer tout de suite : mailshot resume <send>',
  },
  guard: {
    paused: {
      subject: 'Envoi suspendu, à regarder : {slug}',
      paragraphs: [
        'L’envoi de {slug} à {lists} s’est suspendu de lui-même. {cause}',
        'Continuer ainsi nuit à la réputation de votre adresse, et les messages suivants finissent dans les indésirables. Regardez d’abord ce qui a été refusé : une liste ancienne ou achetée, un compte mal réglé, ou une lettre à laquelle on ne s’attendait pas.',
        'Personne n’est oublié : {sent} sur {total} l’ont reçu, et le reste suivra quand vous reprendrez l’envoi. Cela dit aussi que vous l’avez vu : il ne s’arrêtera de nouveau que si cela empire.',
      ],
      button: 'Voir cet envoi, et le reprendre',
      commands:
        'Ce qui a été refusé : mailshot events --send {id}\nOu par une commande, pour le reprendre : mailshot resume {id}\nPour y renoncer : mailshot cancel {id}',
    },
    held: {
      subject: 'En attente : les messages de {slug} vers {domain}',
      paragraphs: [
        '{cause} Les messages de {slug} vers ce domaine attendent donc, tandis que les autres continuent.',
        'Regardez ce qu’il répond : souvent, il n’accepte pas cette lettre, ou votre adresse, pour l’instant. Si vous reprenez, ils ne s’arrêteront de nouveau que si cela empire.',
      ],
      button: 'Voir cet envoi, et le reprendre',
      commands:
        'Ce qui a été refusé : mailshot events --send {id}\nOu par une commande, pour reprendre : mailshot resume {id}',
    },
    warned: {
      subject: 'Des plaintes au sujet de {slug}',
      paragraphs: [
        '{cause} L’envoi de {slug} à {lists} continue, et se suspendra s’il y en a beaucoup plus.',
        'Ceux qui se sont plaints ne reçoivent plus rien. Une lettre à laquelle personne ne s’attendait, ou un lien de désinscription difficile à trouver, en sont les causes habituelles.',
      ],
      button: 'Voir cet envoi',
      commands:
        'Qui s’est plaint : mailshot events --send {id}\nPour le suspendre : mailshot pause {id}',
    },
    causes: {
      failures:
        '{count} messages sur {of} ({share}) ont échoué ou sont revenus ; la limite est de {limit}.',
      'hard-bounces':
        '{count} messages sur {of} ({share}) ont été refusés définitivement ; la limite est de {limit}.',
      complaints:
        '{count} messages sur {of} ({share}) ont été signalés comme indésirables ; la limite est de {limit}.',
      'complaint-warning':
        '{count} messages sur {of} ({share}) ont été signalés comme indésirables ; vous êtes prévenu à partir de {limit}.',
      domain:
        '{count} messages sur {of} vers {domain} ({share}) ont échoué ou sont revenus ; la limite est de {limit}.',
    },
    late: 'Sur les {days} derniers jours : ',
  },
  givenUp:
    '{cancelled} ne l’ont pas reçu : la date de fin de l’envoi, {until}, est arrivée avant leur tour.',
  endedUnstarted:
    'Personne ne l’a reçu : sa date de fin, {until}, est arrivée avant qu’il ne commence.',
  pages,
  archive: {
    heading: 'Nos lettres',
    intro: 'Ce que {title} a envoyé à ses lecteurs, en commençant par le plus récent.',
    empty: {
      heading: 'Rien n’a encore été envoyé',
      paragraphs: ['La première lettre se lira ici dès son envoi. Le mieux est de s’y inscrire.'],
    },
    older: 'Lettres plus anciennes',
    newest: 'Retour aux plus récentes',
    all: 'Toutes les lettres',
    sent: 'Envoyée le {date}',
    read: 'Lire en français',
    alone: 'Ouvrir la lettre en pleine page',
    feed: 'Suivre par flux RSS',
    next: {
      heading: 'Et la prochaine ?',
      text: 'Recevez-la par e-mail, et partez quand vous voulez, en un clic.',
      button: 'S’inscrire',
    },
    unknown: {
      heading: 'Cette lettre n’est pas ici',
      paragraphs: [
        'L’adresse est peut-être incomplète, ou la lettre n’est pas de celles que tout le monde peut lire.',
        'Si vous l’avez reçue par e-mail, le lien « Voir dans le navigateur » de ce message vous la montrera.',
      ],
    },
    test: {
      heading: 'C’était un message d’essai',
      paragraphs: [
        'Un essai n’est pas conservé : il n’y a rien à montrer ici. Une fois la lettre vraiment envoyée, ce lien ouvre, pour chaque personne, le message qu’elle a reçu.',
      ],
    },
    gone: {
      heading: 'Ce message n’est plus conservé',
      paragraphs: [
        'La personne à qui il était adressé n’est plus inscrite chez nous, et ses données ont été effacées.',
        'Si la lettre était publique, vous la trouverez parmi toutes celles que nous avons envoyées.',
      ],
    },
  },
}
