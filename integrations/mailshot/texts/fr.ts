import type { Texts } from '../texts.ts'

export const fr: Texts = {
  lang: 'fr',
  dir: 'ltr',
  mail: {
    unsubscribe: 'Se désinscrire',
    preferences: 'Modifier vos préférences',
    view_in_browser: 'Voir dans le navigateur',
    why: 'Vous recevez ce message parce que l’adresse {{ email }} est inscrite à « {{ list_title }} ».',
  },
  letters: {
    confirmation: {
      subject: 'Confirmez votre inscription à {title}',
      intro: 'Vous, ou une personne utilisant votre adresse, avez demandé à recevoir {lists}.',
      button: 'Confirmer mon inscription',
      ignore:
        'Si ce n’était pas vous, ne faites rien : sans cette confirmation, vous ne recevrez plus de message de notre part.',
      expires: 'Le lien est valable jusqu’au {date}.',
    },
    welcome: {
      subject: 'Bienvenue à {title}',
      intro: 'Vous êtes désormais inscrit à {lists}. Merci, et à bientôt.',
      leave:
        'Vous pouvez changer d’avis à tout moment : chaque message se termine par un lien de désinscription.',
    },
    goodbye: {
      subject: 'Vous êtes désinscrit de {title}',
      intro: 'Vous ne recevrez plus de message de {lists}.',
      back: 'C’était une erreur ? Vous pouvez vous réinscrire sur {url}.',
    },
  },
  alarms: {
    started: {
      subject: 'Envoi commencé : {slug}, {total} destinataires',
      paragraphs: [
        'L’envoi de {slug} à {lists} a commencé : {total} destinataires.',
        'Pour le suspendre : mailshot pause {id}\nPour l’arrêter définitivement : mailshot cancel {id}',
      ],
    },
    held: {
      subject: 'Envoi retenu : {slug}, prévu le {scheduled}',
      paragraphs: [
        'L’envoi de {slug} à {lists} était prévu le {scheduled}. Aucun processus d’envoi ne tournait alors, et il est trop tard pour le lancer sans vous le demander.',
        'Pour le lancer maintenant : mailshot resume {id}\nPour y renoncer : mailshot cancel {id}',
      ],
    },
    paused: {
      subject: 'Envoi suspendu : {slug}',
      paragraphs: [
        'L’envoi de {slug} à {lists} s’est suspendu de lui-même : {reason}',
        '{sent} personnes sur {total} l’ont reçu. Personne n’est oublié : une fois la cause réparée, le reste suivra.',
        'Pour reprendre : mailshot resume {id}',
      ],
    },
    done: {
      subject: 'Envoi terminé : {slug}, {sent} envoyés',
      paragraphs: [
        'L’envoi de {slug} à {lists} est terminé : {sent} envoyés, {failed} en échec, {skipped} écartés, {uncertain} incertains, sur {total}.',
        'Qui l’a reçu, qui ne l’a pas reçu et pourquoi : mailshot recipients {id}',
      ],
    },
  },
}
