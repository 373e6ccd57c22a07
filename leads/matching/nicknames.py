"""Short and familiar forms of first names: facts, one line for each name. Pure."""

from __future__ import annotations

from functools import cache

_FORMS = """
abigail abby gail
albert al bert bertie
alexander alex alec alexandre alessandro alejandro aleksander sandro sascha xander
alexandra alex sandra sasha alexa
alfred alf fred alfie
andrew andy andi drew andreas andre andrea andrej anders
anna ann anne annie anita anja anneliese
anthony tony antonio anton
arthur art artie
barbara barb babs
benjamin ben benny benni
bernard bernie bernhard bernd
caroline carol carrie karoline karolin
catherine cathy kate katie cat katherine kathryn kathleen kathrin katharina katja kathy cathrin
charles charlie chuck chas carl karl carlos
christian chris christiaan
christina chris christine tina kristina christiane
christopher chris kit topher christoph kristof
cynthia cindy
daniel dan danny daniele
daniela dani daniella danielle
david dave davey davide
deborah deb debbie debra
dennis denny
dominic dom nick dominik
donald don donnie
dorothy dot dottie dorothea doro
edward ed eddie ted ned eduard edoardo
eleanor ellie nell nora eleonora
elizabeth liz beth betty lizzie eliza lisa elisabeth elisa elsa bettina
emily em emmy emilia
eugene gene eugen
florian flo
francesca fran franziska francisca
francis frank fran franz francesco francisco frankie
frederick fred freddie fritz friedrich frederic frederik
gabriel gabe
gabriele gabi gaby gabriela gabrielle
george georg jorge georgie giorgio jurgen
gerald gerry jerry gerard gerhard gerd
gregory greg gregor grzegorz
guillaume will guy
harold harry hal harald
heinrich heinz heiner henrik
helen helena helene leni lena
henry hank harry henri henrik
hubert hugh bert
ignacio nacho
jacob jake jakob jacques jaap
jacqueline jackie
james jaime jim jimmy jamie
janet jan jeannette
jennifer jen jenny jenni
jeremy jerry jez
jessica jess jessie
joachim jochen achim jo
johannes hans hannes johann jan
john jack johnny jon johan juan jean giovanni
jonathan jon jonny nathan
joseph joe joey josef jose pepe giuseppe jozef
joshua josh
judith judy
agnes agnieszka aga agi
julia jule juliane
julian jules
rafael raphael rafa rafi raf
sabine bine
katherine kathy kitty
kenneth ken kenny
laurence larry laurent lorenz lorenzo lawrence
leonard leo len lenny leonardo
leslie les
louis lou louie luis luigi ludwig
lucas luke luca lukas
magdalena maggie lena magda
manuel manny emanuel
margaret maggie meg peg peggy margarete greta margarita margot
maria mary marie mia maja mariana
martin marty martino
martina tina
matthew matt matty matthias mathias matze matthijs thijs mateo matteo mathieu
maximilian max maxi maxime
melissa mel lissa
michael mike mick mickey mikey michel miguel michele mikael mischa michal
michelle shelly micky
miroslav mirek miro
monica mona monika
nathaniel nate nathan nat
natalie nat nathalie natalia
nicholas nick nicky niklas klaus nico nicolas nikolaus mikolaj
nicole nicky nicki
norbert bert
oliver ollie olli olivier
olivia liv livvy
pamela pam
patricia pat patty tricia trish
patrick pat paddy patrice
peter pete pieter piet pietro pedro pierre piotr
philip phil pip philipp philippe filip
rachel rach rahel
raymond ray raimund
rebecca becky becca rebekka
regina gina
reinhard reiner rainer
richard rick dick rich ricky rico ricardo
robert bob rob bobby robbie roberto bert
roger rog rudiger
roland rolf
ronald ron ronnie
rudolf rudy rudi
russell russ
samantha sam sammy
samuel sam sammy
sebastian seb basti bastian sebastien
sigmund sigi siegfried
sophie sofia sophia sofie
stanley stan stanislaw
stephen steve steven stefan stephan steph esteban stephane stefano
stephanie steph stefanie steffi
susan sue susie suzy susanne suzanne sanne susi
sylvester sly
teresa terry tess theresa tessa resi
theodore ted theo teddy
thomas tom tommy tomas tomasz tomek thom
timothy tim timmy
tobias tobi toby
ulrich uli ulli
ursula uschi ulla
valentina val tina
vanessa nessa
veronica ronnie vroni veronika
victor vic viktor
victoria vicky vic tori viktoria
vincent vince vinny vincenzo
virginia ginny
vladimir vova vlad wladimir
walter walt wally
wilhelm willi willy willem wim helmut
william will bill billy liam willie guglielmo
wolfgang wolf
xavier javier javi xavi
yekaterina katya ekaterina
yevgeny evgeny zhenya
zachary zach zack
"""


@cache
def _roots() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _FORMS.strip().splitlines():
        root, *forms = line.split()
        for form in (root, *forms):
            found.setdefault(form, set()).add(root)
    return {form: frozenset(roots) for form, roots in found.items()}


def roots_of(first_name: str) -> frozenset[str]:
    """The full names that a folded first name may stand for; itself if we know of none."""
    return _roots().get(first_name) or frozenset({first_name})


def are_forms_of_one_name(first: str, second: str) -> bool:
    """Whether two folded first names can be the same name ("bob" and "robert")."""
    return first == second or bool(roots_of(first) & roots_of(second))
