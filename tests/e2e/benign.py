# SPDX-License-Identifier: BSD-2-Clause
"""A million names that people use and no spyware does: names of sites that are among the most visited, with the labels
that stand before them; names of unknown people below shared hosts; names of companies and shops that are made up. The
same ones in every run."""
import itertools
import random

SITES = """
google.com youtube.com facebook.com instagram.com whatsapp.com whatsapp.net wikipedia.org wikimedia.org reddit.com x.com
twitter.com twimg.com amazon.com amazon.de amazon.co.uk amazon.co.jp amazon.fr amazon.in netflix.com nflxvideo.net
tiktok.com tiktokcdn.com linkedin.com licdn.com microsoft.com live.com office.com office365.com outlook.com bing.com
msn.com skype.com windows.com windowsupdate.com microsoftonline.com sharepoint.com apple.com icloud.com mzstatic.com
aaplimg.com apple-dns.net itunes.com yahoo.com yahoo.co.jp yandex.ru ya.ru mail.ru vk.com ok.ru baidu.com qq.com
taobao.com tmall.com jd.com weibo.com alipay.com aliyun.com alibaba.com aliexpress.com bilibili.com zhihu.com sina.com.cn
163.com sohu.com naver.com daum.net kakao.com rakuten.co.jp line.me pixiv.net dmm.co.jp fc2.com nicovideo.jp ebay.com
ebay.de paypal.com paypalobjects.com stripe.com shopify.com etsy.com walmart.com target.com bestbuy.com homedepot.com
costco.com ikea.com zalando.de otto.de allegro.pl mercadolibre.com.ar mercadolivre.com.br flipkart.com booking.com
airbnb.com expedia.com tripadvisor.com uber.com lyft.com doordash.com spotify.com spotifycdn.com scdn.co soundcloud.com
twitch.tv ttvnw.net discord.com discordapp.com discordapp.net telegram.org t.me signal.org zoom.us slack.com
slack-edge.com notion.so figma.com canva.com adobe.com adobe.io typekit.net dropbox.com box.com evernote.com trello.com
atlassian.com atlassian.net bitbucket.org github.com githubusercontent.com githubassets.com gitlab.com stackoverflow.com
stackexchange.com sstatic.net npmjs.com npmjs.org pypi.org pythonhosted.org python.org rust-lang.org crates.io golang.org
go.dev kernel.org debian.org ubuntu.com canonical.com fedoraproject.org redhat.com archlinux.org gnu.org mozilla.org
mozilla.net mozilla.com firefox.com openai.com chatgpt.com anthropic.com huggingface.co cloudflare.com
cloudflareinsights.com cloudflare-dns.com akamai.net akamaiedge.net akamaihd.net akamaized.net edgekey.net edgesuite.net
fastly.net fastlylb.net cdn77.org jsdelivr.net unpkg.com jquery.com bootstrapcdn.com gstatic.com googleapis.com
googleusercontent.com googlevideo.com ytimg.com ggpht.com doubleclick.net googlesyndication.com googletagmanager.com
google-analytics.com googleadservices.com app-measurement.com crashlytics.com admob.com fbcdn.net facebook.net
cdninstagram.com messenger.com oculus.com meta.com threads.net snapchat.com sc-cdn.net pinterest.com pinimg.com tumblr.com
flickr.com imgur.com giphy.com tenor.com vimeo.com dailymotion.com hulu.com disneyplus.com hbomax.com primevideo.com
roku.com sky.com bbc.co.uk bbc.com bbci.co.uk cnn.com nytimes.com washingtonpost.com theguardian.com guim.co.uk reuters.com
apnews.com bloomberg.com wsj.com ft.com economist.com forbes.com businessinsider.com cnbc.com foxnews.com nbcnews.com
cbsnews.com abcnews.go.com npr.org usatoday.com latimes.com time.com theatlantic.com newyorker.com wired.com
arstechnica.com theverge.com techcrunch.com engadget.com cnet.com zdnet.com slashdot.org ycombinator.com medium.com
substack.com spiegel.de zeit.de faz.net sueddeutsche.de bild.de welt.de tagesschau.de zdf.de ard.de heise.de golem.de
web.de gmx.net t-online.de lemonde.fr lefigaro.fr liberation.fr leparisien.fr francetvinfo.fr orange.fr free.fr sfr.fr
leboncoin.fr elpais.com elmundo.es marca.com abc.es lavanguardia.com repubblica.it corriere.it gazzetta.it ansa.it rai.it
nu.nl nos.nl telegraaf.nl bol.com marktplaats.nl vrt.be hln.be aftonbladet.se expressen.se svt.se dn.se vg.no nrk.no
finn.no dr.dk ekstrabladet.dk hs.fi yle.fi onet.pl wp.pl interia.pl gazeta.pl seznam.cz idnes.cz index.hu origo.hu
digi24.ro hotnews.ro in.gr kathimerini.gr haaretz.com ynet.co.il walla.co.il aljazeera.com aljazeera.net alarabiya.net
hespress.com ahram.org.eg hurriyet.com.tr sabah.com.tr trendyol.com hepsiburada.com timesofindia.com indiatimes.com
ndtv.com thehindu.com hindustantimes.com dawn.com thenews.com.pk prothomalo.com scmp.com straitstimes.com rappler.com
inquirer.net detik.com kompas.com tribunnews.com tokopedia.com shopee.co.id lazada.com vnexpress.net zing.vn asahi.com
yomiuri.co.jp nikkei.com nhk.or.jp cookpad.com chosun.com joongang.co.kr abc.net.au smh.com.au news.com.au nzherald.co.nz
globo.com uol.com.br terra.com.br folha.uol.com.br estadao.com.br clarin.com lanacion.com.ar infobae.com eluniversal.com.mx
milenio.com reforma.com animalpolitico.com aristeguinoticias.com eltiempo.com elcomercio.pe emol.com latercera.com
cbc.ca globeandmail.com news24.com iol.co.za nation.africa punchng.com nairaland.com un.org who.int europa.eu nato.int
nih.gov nasa.gov noaa.gov cdc.gov irs.gov usps.com ups.com fedex.com dhl.com dhl.de royalmail.com laposte.fr gov.uk
service.gov.uk nhs.uk bund.de bayern.de gouv.fr impots.gouv.fr admin.ch gov.br gob.mx gov.in harvard.edu mit.edu
stanford.edu berkeley.edu ox.ac.uk cam.ac.uk ucl.ac.uk ethz.ch epfl.ch tum.de lmu.de u-tokyo.ac.jp utoronto.ca
arxiv.org nature.com science.org springer.com sciencedirect.com elsevier.com wiley.com jstor.org researchgate.net
academia.edu coursera.org edx.org udemy.com khanacademy.org duolingo.com quizlet.com scribd.com slideshare.net
goodreads.com imdb.com rottentomatoes.com metacritic.com ign.com gamespot.com steampowered.com steamcommunity.com
steamstatic.com epicgames.com ea.com ubisoft.com blizzard.com battle.net riotgames.com leagueoflegends.com minecraft.net
mojang.com roblox.com rbxcdn.com nintendo.com nintendo.net playstation.com playstation.net xbox.com xboxlive.com unity3d.com
nvidia.com amd.com intel.com dell.com hp.com lenovo.com asus.com samsung.com samsungcloud.com samsungapps.com sony.com
lg.com huawei.com hicloud.com xiaomi.com miui.com oppo.com vivo.com oneplus.com motorola.com nokia.com ericsson.com
cisco.com webex.com juniper.net paloaltonetworks.com fortinet.com sophos.com eset.com kaspersky.com avast.com avg.com
mcafee.com norton.com malwarebytes.com bitdefender.com virustotal.com letsencrypt.org lencr.org digicert.com sectigo.com
globalsign.com verisign.com godaddy.com namecheap.com gandi.net ovh.com ovh.net hetzner.com ionos.de strato.de
digitalocean.com linode.com vultr.com rackspace.com heroku.com oracle.com oraclecloud.com salesforce.com force.com
zendesk.com hubspot.com mailchimp.com sendgrid.net mailgun.org twilio.com okta.com auth0.com duosecurity.com lastpass.com
1password.com bitwarden.com proton.me protonmail.com tutanota.com fastmail.com zoho.com wordpress.org gravatar.com wix.com
squarespace.com criteo.com taboola.com outbrain.com adnxs.com rubiconproject.com pubmatic.com scorecardresearch.com
hotjar.com segment.io mixpanel.com newrelic.com nr-data.net datadoghq.com sentry.io bugsnag.com optimizely.com
chartbeat.net quantserve.com demdex.net omtrdc.net 2o7.net branch.io adjust.com appsflyer.com onesignal.com
chase.com bankofamerica.com wellsfargo.com citi.com capitalone.com americanexpress.com visa.com mastercard.com hsbc.co.uk
barclays.co.uk lloydsbank.co.uk santander.com bbva.es ing.nl rabobank.nl deutsche-bank.de sparkasse.de commerzbank.de
bnpparibas.net credit-agricole.fr unicredit.it sbi.co.in icicibank.com hdfcbank.com wise.com revolut.com n26.com klarna.com
coinbase.com binance.com kraken.com vodafone.com telekom.de telekom.com o2.de telefonica.com movistar.es att.com verizon.com
t-mobile.com comcast.net xfinity.com spectrum.net bt.com virginmedia.com swisscom.ch a1.net telia.se telenor.no lufthansa.com
ryanair.com easyjet.com klm.com airfrance.fr delta.com united.com emirates.com bahn.de sncf-connect.com ns.nl sbb.ch oebb.at
trainline.com accuweather.com weather.com windy.com openstreetmap.org waze.com garmin.com strava.com fitbit.com nike.com
adidas.com hm.com zara.com uniqlo.com lego.com bmw.com mercedes-benz.com volkswagen.de toyota.com honda.com tesla.com
ford.com siemens.com bosch.com philips.com sonos.com ring.com nest.com tuya.com ecobee.com philips-hue.com pool.ntp.org
time.windows.com time.apple.com archive.org duckduckgo.com startpage.com ecosia.org brave.com opera.com vivaldi.com
torproject.org eff.org amnesty.org hrw.org rsf.org citizenlab.ca bellingcat.com occrp.org icij.org forbiddenstories.org
""".split()

LABELS = """www m api cdn static img images mail smtp imap login accounts auth id my app apps web mobile news blog shop store
help support docs dev beta test status media video play music maps drive cloud data events analytics metrics log stats ads
edge-1 edge-2 c1 c2 s1 s2 s3 ns1 ns2 dns ftp vpn secure sso push ws gateway graph search assets fonts download updates
www2 en de fr es ja""".split()

# Below these, anybody has a name.
SHARED = """blogspot.com blogspot.de wordpress.com tumblr.com github.io gitlab.io herokuapp.com netlify.app vercel.app
pages.dev workers.dev web.app firebaseapp.com appspot.com azurewebsites.net azureedge.net cloudapp.net
blob.core.windows.net trafficmanager.net cloudfront.net s3.amazonaws.com s3.eu-central-1.amazonaws.com
elb.amazonaws.com execute-api.us-east-1.amazonaws.com awsglobalaccelerator.com elasticbeanstalk.com b-cdn.net
r2.dev digitaloceanspaces.com ondigitalocean.app linodeobjects.com fly.dev onrender.com repl.co glitch.me surge.sh
wixsite.com weebly.com webflow.io squarespace.com myshopify.com medium.com substack.com livejournal.com over-blog.com
typepad.com neocities.org altervista.org 000webhostapp.com byethost.com no-ip.org ddns.net duckdns.org dyndns.org
hopto.org sytes.net zapto.org servehttp.com freedns.org dynu.net synology.me myqnapcloud.com quickconnect.to myfritz.net
plex.direct ngrok.io ngrok-free.app trycloudflare.com ts.net sharepoint.com zendesk.com atlassian.net slack.com
akamaiedge.net edgekey.net fastly.net googleusercontent.com translate.goog deviantart.com bandcamp.com itch.io
readthedocs.io readthedocs.org gitbook.io statuspage.io force.com salesforce.com translate.google.com
sourceforge.net sourceforge.io launchpad.net fandom.com wikidot.com jimdofree.com webnode.com yolasite.com""".split()

WORDS = """anchor apple autumn bakery basket beacon bicycle birch blanket blossom bottle breeze bridge bright bronze brook
butter button cabin camera candle canvas cedar cellar cherry circle citrus clover coffee copper corner cotton creek crystal
dairy daisy dance dental desert diamond dinner dream eagle early ember engine fabric falcon family farm feather field fitness
flower forest fountain fresh garden garlic ginger glacier glass golden granite grape gravel green harbor harvest hazel
herbal hickory hollow honey horizon horse humble indigo island ivory jasmine jungle juniper kettle kitchen ladder lake lantern
laurel lavender leather lemon lilac linen little lotus lumber magnolia mango maple marble market meadow mellow midnight
mill mint mirror mocha morning mosaic mountain music nectar noble north nutmeg oak oasis ocean olive onyx orange orchard
organic origami otter paper parade pasta pearl pebble pepper pilot pine planet plum pocket poetry polar pond poppy pottery
prairie prime pumpkin quartz quiet quilt rabbit rain raspberry raven ribbon river robin rocket rose rustic saffron sailor
salmon sandal sapphire school shadow shell shore silk silver simple sister sky smith snow soap solar song south spice
spring spruce square stable star stone storm story stream street studio sugar summer sunny swan sweet table tailor tango
teal tender thistle thunder tiger timber toast topaz tower trail travel tulip turtle valley vanilla velvet village vintage
violet walnut water wave west wheat willow window winter wonder wooden yellow young zebra""".split()

KINDS = """bakery bikes books cafe church clinic club dental design garage gallery hotel law photo pizza plumbing roofing
school shoes tours""".split()

ZONES = """com net org de co.uk fr it es nl pl se ch at be dk no fi cz ca com.au com.br in jp eu info biz io co app dev shop
online""".split()


def of_sites():
    yield from SITES
    for site in SITES:
        for label in LABELS:
            yield f"{label}.{site}"
            yield f"{label}.eu-west.{site}"


def of_people(count):
    chance = random.Random(17)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    while count > 0:
        for host in SHARED:
            word, other = chance.choice(WORDS), chance.choice(WORDS)
            tail = "".join(chance.choices(letters, k=6))
            yield f"{word}-{other}-{tail}.{host}"
            yield f"{tail}{chance.choice(letters)}{word}.{host}"
            count -= 2


def of_companies():
    """In an order that mixes words and zones, so that the first ones are of all kinds."""
    made = list(itertools.product(WORDS, WORDS, KINDS))
    random.Random(18).shuffle(made)
    for n, (one, two, kind) in enumerate(made):
        name = f"{one}-{two}-{kind}.{ZONES[n % len(ZONES)]}"
        yield name if n % 3 else f"www.{name}"


def names(count):
    """So many different names."""
    seen = set()
    for name in itertools.chain(of_sites(), of_people(300_000), of_companies()):
        if len(seen) == count:
            return
        if name not in seen:
            seen.add(name)
            yield name
