package report

import (
	"strings"

	"thymus/trial"
)

// words of the report, by language; a test fails when one is missing.
var words = map[string]map[string]string{
	"en": {
		"noresponder": "nobody responds", "notreached": "not reached", "event": "%s, %d event", "events": "%s, %d events", "modules": "What it is made of", "modulesnote": "Each module with its story, what it assumes, where it is known to fail, and a diagram: on the left the ports that it reads, on the right those that it writes.", "assumptions": "Assumptions", "knownfailures": "Known failures and what is left out",
		"disclaimer": "For research and teaching only. Virtual patients are not patients; this is not medical advice.",
		"answer":     "In short", "question": "Question", "design": "Design", "arms": "Arms and treatment", "visits": "Visits", "flow": "Patients", "arm": "Arm", "randomised": "Randomised", "completed": "Completed",
		"died": "Died", "repeatsrate": "%d repetitions: %s to %s in 90 %% of them; everybody in %s", "repeats": "%d repetitions: %s to %s in 90 %% of them", "hazardratio": "hazard ratio", "dropped": "Left", "failed": "Not simulated", "population": "Who they are", "covariate": "Characteristic", "mean": "Mean", "sd": "SD", "range": "5 % to 95 %", "endpoints": "Endpoints", "endpoint": "Endpoint",
		"estimate": "Estimate", "interval": "95 % interval", "difference": "Difference from control", "test": "Test", "curves": "Over time", "curvesnote": "Line: median. Shaded: the middle half and the middle 90 % of patients.", "bandsnote": "Percentiles are read from counts of all patients in narrow bins; they lie within 0.4 % of the exact values.",
		"patients": "Single patients", "patientsnote": "The first patients of each arm, one line each.", "km": "Time to event", "kmnote": "Share of patients still without the event, with 95 % intervals; ticks: last look at a patient.", "waterfall": "Patient by patient",
		"agreement": "Agreement with published figures", "published": "Published", "predicted": "Predicted", "predictedinterval": "90 % of replicate trials", "agrees": "Agrees", "yes": "yes", "no": "no", "rule": "Published interval", "use": "Use",
		"agreementnote": "A figure agrees when it lies within the 90 % interval of replicate trials of the published size, and the prediction lies within the published interval. Figures marked calibration helped to choose numbers of the model; figures marked validation are only compared; recalled figures have not been looked up again.",
		"doses":         "Doses given", "route": "Treatment", "nDoses": "Doses", "perPatient": "Mean total", "screening": "Screening", "parameters": "Parameters and their sources", "source": "Source", "value": "Value", "unit": "Unit", "spread": "Spread", "note": "Note", "parameter": "Parameter",
		"limits": "Limits", "model": "The model", "reproduce": "To repeat this run", "days": "days", "atrisk": "at risk", "controlword": "control", "none": "none", "day": "day", "missing": "missing", "contents": "Contents", "statistic": "Statistic", "story": "How to read it", "failures": "Patients that could not be simulated to the end", "retries": "Runs of a patient that failed and reached the end by", "all": "Show all", "counterfactual": "Every patient is in every arm with the same draws (counterfactual design): differences are paired effects, times are compared by the hazard ratio as in two groups; there are no p-values.", "randomiseddesign": "Each patient is in one arm, by permuted blocks.",
		"colon": ":", "semicolon": ";", "notmet": "not", "seed": "seed", "modelhash": "model", "inenglish": "The story, the limits, notes and published measures are in English.",
		"bandsfigure": "%s over time by arm: median, middle half and middle 90 per cent of patients", "linesfigure": "%s of %d single patients", "kmfigure": "Kaplan-Meier curves with 95 per cent intervals and numbers at risk",
		"waterfallfigure": "One bar for each of %d patients, in order of size", "forestfigure": "Published figures with their intervals above predictions with 90 per cent intervals of replicate trials",
		"validation": "Predictions beside published figures", "predictedrows": "Rows predicted", "verified": "Of them verified", "coverage": "Verified rows of the simulated studies", "fittedrows": "Rows used for fitting", "agree": "agree", "misses": "What does not agree, and why", "notpredicted": "Rows that are not predicted",
		"validationnote": "A figure agrees when it lies within the 90 % interval of replicate trials of the published size, the prediction lies within the published interval, and virtual patients differ no more than published ones did. Negative and failed trials count as much as successes.",
	},
	"fr": {
		"noresponder": "personne ne répond", "notreached": "non atteint", "event": "%s, %d événement", "events": "%s, %d événements", "modules": "De quoi il est fait", "modulesnote": "Chaque module avec son histoire, ses hypothèses, ses limites connues, et un schéma : à gauche les ports qu'il lit, à droite ceux qu'il écrit.", "assumptions": "Hypothèses", "knownfailures": "Limites connues et ce qui manque",
		"disclaimer": "Pour la recherche et l'enseignement seulement. Les patients virtuels ne sont pas des patients ; ceci n'est pas un avis médical.",
		"answer":     "En bref", "question": "Question", "design": "Plan", "arms": "Bras et traitements", "visits": "Visites", "flow": "Patients", "arm": "Bras", "randomised": "Randomisés", "completed": "Ont terminé",
		"died": "Morts", "repeatsrate": "%d répétitions : %s à %s dans 90 %% d'entre elles ; tous dans %s", "repeats": "%d répétitions : %s à %s dans 90 %% d'entre elles", "hazardratio": "rapport des risques instantanés", "dropped": "Sortis", "failed": "Non simulés", "population": "Qui ils sont", "covariate": "Caractéristique", "mean": "Moyenne", "sd": "Écart-type", "range": "5 % à 95 %", "endpoints": "Critères", "endpoint": "Critère",
		"estimate": "Estimation", "interval": "Intervalle à 95 %", "difference": "Différence avec le témoin", "test": "Test", "curves": "Au cours du temps", "curvesnote": "Trait : médiane. Ombre : la moitié centrale et les 90 % centraux des patients.", "bandsnote": "Les percentiles viennent du dénombrement de tous les patients par classes étroites ; ils sont à moins de 0,4 % des valeurs exactes.",
		"patients": "Patients un à un", "patientsnote": "Les premiers patients de chaque bras, une ligne chacun.", "km": "Délai jusqu'à l'événement", "kmnote": "Part des patients encore sans événement, avec intervalles à 95 % ; traits : dernière observation d'un patient.", "waterfall": "Patient par patient",
		"agreement": "Accord avec les chiffres publiés", "published": "Publié", "predicted": "Prédit", "predictedinterval": "90 % des essais répétés", "agrees": "Accord", "yes": "oui", "no": "non", "rule": "Intervalle publié", "use": "Usage",
		"agreementnote": "Un chiffre s'accorde s'il est dans l'intervalle à 90 % d'essais répétés de la taille publiée et si la prédiction est dans l'intervalle publié. Les chiffres « calibration » ont aidé à choisir des nombres du modèle ; les chiffres « validation » sont seulement comparés ; les chiffres « de mémoire » n'ont pas été revérifiés.",
		"doses":         "Doses données", "route": "Traitement", "nDoses": "Doses", "perPatient": "Total moyen", "screening": "Sélection", "parameters": "Paramètres et sources", "source": "Source", "value": "Valeur", "unit": "Unité", "spread": "Dispersion", "note": "Note", "parameter": "Paramètre",
		"limits": "Limites", "model": "Le modèle", "reproduce": "Pour répéter ce calcul", "days": "jours", "atrisk": "à risque", "controlword": "témoin", "none": "aucun", "day": "jour", "missing": "manquants", "contents": "Sommaire", "statistic": "Statistique", "story": "Comment le lire", "failures": "Patients dont la simulation s'est arrêtée", "retries": "Simulations d'un patient qui ont échoué, puis abouti par", "all": "Tout montrer", "counterfactual": "Chaque patient est dans chaque bras avec les mêmes tirages (plan contrefactuel) : les différences sont des effets appariés, les délais sont comparés par le rapport des risques instantanés comme entre deux groupes ; sans valeur p.", "randomiseddesign": "Chaque patient est dans un bras, par blocs permutés.",
		"colon": " :", "semicolon": " ;", "notmet": "critère non rempli", "seed": "graine", "modelhash": "modèle", "inenglish": "Le texte ci-dessus, les limites de l'essai, les notes et les mesures publiées sont en anglais.",
		"bandsfigure": "%s au cours du temps, par bras : médiane, moitié centrale et 90 %% centraux des patients", "linesfigure": "%s, %d patients un à un", "kmfigure": "Courbes de Kaplan-Meier avec intervalles à 95 % et nombres à risque",
		"waterfallfigure": "Une barre pour chacun des %d patients, par ordre de grandeur", "forestfigure": "Chiffres publiés avec leurs intervalles, au-dessus des prédictions avec les intervalles à 90 % d'essais répétés",
		"validation": "Prédictions à côté des chiffres publiés", "predictedrows": "Lignes prédites", "verified": "Dont vérifiées", "coverage": "Lignes vérifiées des études simulées", "fittedrows": "Lignes utilisées pour un ajustement", "agree": "en accord", "misses": "Désaccords, et pourquoi", "notpredicted": "Lignes non prédites",
		"validationnote": "Un chiffre s'accorde s'il est dans l'intervalle à 90 % d'essais répétés de la taille publiée, si la prédiction est dans l'intervalle publié et si les patients virtuels ne diffèrent pas plus entre eux que les patients publiés. Les essais négatifs ou échoués comptent autant que les succès.",
	},
}

// phrases are what trial and library name in English, by language: statistics, tests, rules
// of intervals, words of a regimen, routes, levels of covariates, kinds of sources. What
// stands before a number is found as a beginning.
var phrases = map[string][][2]string{
	"fr": {
		{"proportion", "proportion"}, {"median time", "temps médian"}, {"median", "médiane"}, {"geometric mean", "moyenne géométrique"}, {"mean", "moyenne"}, {"ratio", "rapport"},
		{"Fisher's exact test", "test exact de Fisher"}, {"log-rank test", "test du log-rank"}, {"Mann-Whitney test", "test de Mann-Whitney"}, {"Welch's t test", "test t de Welch"},
		{"published 95 % interval", "intervalle à 95 % publié"}, {"within 25 % (no interval published)", "à 25 % près (pas d'intervalle publié)"}, {"the published figure is no number", "le chiffre publié n'est pas un nombre"},
		{"published 95 % interval without an upper end", "intervalle à 95 % publié, sans borne supérieure"}, {"published as a lower bound", "publié comme borne inférieure"}, {"published as an upper bound", "publié comme borne supérieure"}, {"published standard error", "erreur type publiée"},
		{"Wilson interval, n ", "intervalle de Wilson, n "}, {"Wilson interval of ", "intervalle de Wilson de "},
		{"when %s: %s", "quand %s : %s"}, {", day %s", ", jour %s"}, {", every %s", ", toutes les %s"}, {", %d doses from day %g", ", %d doses à partir du jour %g"}, {", day %g to %g", ", du jour %g au jour %g"},
		{", over %s", ", en %s"}, {", at most %s", ", au plus %s"}, {", held while %s", ", suspendu tant que %s"}, {", then %s from day %g", ", puis %s à partir du jour %g"}, {"%.3g h", "%.3g h"}, {"%.3g d", "%.3g j"},
		{"iv", "i.v."}, {"sc", "s.c."}, {"im", "i.m."}, {"infusion", "perfusion"}, {"daily", "chaque jour"}, {"weekly", "chaque semaine"}, {"steady", "en continu"}, {"cycle", "cycle"}, {"course", "cure"}, {"mixed", "cycle mixte"},
		{"cyclophosphamide", "cyclophosphamide"}, {"cyclophosphamide pulse", "bolus de cyclophosphamide"}, {"cyclophosphamide units", "unités de cyclophosphamide"}, {"fludarabine", "fludarabine"}, {"fludarabine units", "unités de fludarabine"},
		{"busulfan", "busulfan"}, {"beam", "BEAM"}, {"atg", "sérum antilymphocytaire"}, {"irradiation", "irradiation"}, {"gcsf", "G-CSF"}, {"apheresis", "cytaphérèse"}, {"reinfusion", "réinjection"}, {"cd34", "cellules CD34"}, {"edited", "cellules modifiées"},
		{"stem cells", "cellules souches"}, {"t cells", "lymphocytes T"}, {"treg", "lymphocytes T régulateurs"}, {"calcineurin", "inhibiteur de la calcineurine"}, {"bridging", "traitement d'attente"}, {"highdose", "intensification"},
		{"sunitinib", "sunitinib"}, {"cabozantinib", "cabozantinib"}, {"local", "en injection locale"}, {"exosomes", "exosomes"}, {"primed", "cellules activées"}, {"switch", "interrupteur"}, {"tireless", "sans épuisement"},
		{"exposure", "exposition"}, {"protein", "protéine"}, {"preparation", "préparation"}, {"opened", "ouverture"}, {"carried", "part non ciblée"}, {"NK loss", "perte des cellules NK"}, {"T loss", "perte des lymphocytes T"}, {"C3 loss", "perte du C3"}, {"myeloid loss", "perte des cellules myéloïdes"},
		{"female", "femmes"}, {"male", "hommes"}, {"%s: %s", "%s : %s"}, {"let in when %s (%s)", "admis quand %s (%s)"},
		{"doi", "doi"}, {"pmid", "pmid"}, {"study", "étude"}, {"label", "notice"}, {"literature", "littérature"}, {"derived", "dérivé"}, {"fitted", "ajusté"}, {"assumed", "supposé"}, {"other", "autre"}, {"none", "sans source"},
		{"calibration", "calibration"}, {"validation", "validation"}, {"verified", "vérifié"}, {"recalled", "de mémoire"},
		{"predicted", "prédites"}, {"input", "prises comme données"}, {"out of scope", "hors du champ"}, {"unmapped", "sans rôle"},
		{trial.NoSteadyState, "aucun état stationnaire trouvé"}, {"rodas5p alone", "rodas5p seul"}, {"rodas5p at a hundredth of the tolerances", "rodas5p au centième des tolérances"}, {"tsit5", "tsit5"},
		{"nothing was predicted: no patient has this endpoint", "rien n'a été prédit : aucun patient n'a ce critère"}, {"the published value is not in 90 % of replicate trials", "la valeur publiée n'est pas dans 90 % des essais répétés"},
		{"the prediction is outside the published interval", "la prédiction est hors de l'intervalle publié"}, {"virtual patients differ too much: SD %s, published %s", "les patients virtuels diffèrent trop entre eux : écart-type %s, publié %s"},
		{"no reason is recorded", "aucune raison n'est notée"},
	},
}

// Phrase is a statistic, a test or the rule of an interval, as trial names it, in a language
// of HasLanguage; what has no translation stays as it is.
func Phrase(language, text string) string {
	for _, p := range phrases[language] {
		if p[0] == text || strings.HasSuffix(p[0], " ") && strings.HasPrefix(text, p[0]) {
			return p[1] + strings.ReplaceAll(strings.TrimPrefix(text, p[0]), " of ", " sur ")
		}
	}
	return text
}

// HasLanguage says whether reports can be written in a language.
func HasLanguage(language string) bool { _, ok := words[language]; return ok }

// TitleIn is a title in a language of HasLanguage; where there is no French one it is the
// English one.
func TitleIn(language, en, fr string) string {
	if language == "fr" && fr != "" {
		return fr
	}
	return en
}
