/**
 * The mail services that most readers have, for slips in their names. Each is either meant or near one that is. Published lists were
 * tried: they hold the slips as well (`gmial.com` is somebody's), or know few services outside of America.
 */
export const mailDomains: readonly string[] = [
  // Everywhere.
  'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com',
  'yahoo.com ymail.com rocketmail.com icloud.com me.com mac.com aol.com',
  'proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.io',
  'fastmail.com fastmail.fm zoho.com mail.com email.com hey.com gmx.com',
  'tutanota.de posteo.net mailbox.org disroot.org riseup.net qq.com 163.com',
  // Belgium, France, Switzerland.
  'orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr',
  'hotmail.fr outlook.fr live.fr yahoo.fr club-internet.fr numericable.fr',
  'aliceadsl.fr cegetel.net gmx.fr aol.fr mail.fr skynet.be telenet.be',
  'hotmail.be live.be yahoo.be outlook.be bluewin.ch gmx.ch hispeed.ch',
  // Germany, Austria.
  'gmx.de gmx.net gmx.at web.de t-online.de freenet.de posteo.de arcor.de',
  'hotmail.de outlook.de live.de yahoo.de aon.at mail.de',
  // Italy, Spain, Portugal, Brazil.
  'libero.it virgilio.it alice.it tiscali.it tin.it live.it hotmail.it',
  'outlook.it yahoo.it fastwebnet.it hotmail.es outlook.es yahoo.es',
  'telefonica.net sapo.pt hotmail.com.br outlook.com.br yahoo.com.br',
  'uol.com.br bol.com.br terra.com.br ig.com.br globo.com',
  // The Netherlands, the United Kingdom.
  'ziggo.nl kpnmail.nl planet.nl hetnet.nl xs4all.nl home.nl hotmail.nl',
  'live.nl outlook.nl upcmail.nl casema.nl hotmail.co.uk yahoo.co.uk',
  'live.co.uk outlook.co.uk btinternet.com virginmedia.com sky.com',
  'talktalk.net ntlworld.com blueyonder.co.uk aol.co.uk gmx.co.uk',
  // Russia, Japan, America, Canada.
  'mail.ru yandex.ru yandex.com ya.ru bk.ru list.ru inbox.ru rambler.ru',
  'yahoo.co.jp docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp',
  'comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net',
  'charter.net earthlink.net yahoo.ca hotmail.ca live.ca outlook.ca',
  'sympatico.ca videotron.ca rogers.com shaw.ca telus.net',
].flatMap((names) => names.split(' '))
