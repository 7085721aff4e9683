<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>Wetread</name>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>  › image</source>
            <translation>  › Bild</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source> (or {angle}°)</source>
            <translation> (oder {angle}°)</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source> (reported {value} %)</source>
            <translation> (berichtet {value} %)</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source> (square pixels assumed)</source>
            <translation> (quadratische Pixel angenommen)</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source> and {count} more</source>
            <translation> und {count} weitere</translation>
        </message>
        <message>
            <location filename="../../ui/actions.py" />
            <source> or </source>
            <translation> oder </translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source> pixels</source>
            <translation> Pixel</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Answers</source>
            <translation>&amp;Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Device</source>
            <translation>&amp;Gerät</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Memory</source>
            <translation>A&amp;rbeitsspeicher</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Reports</source>
            <translation>&amp;Berichte</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Summaries and checks</source>
            <translation>&amp;Zusammenfassungen und Prüfungen</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>&amp;Weights in</source>
            <translation>&amp;Gewichte in</translation>
        </message>
        <message>
            <location filename="../../ui/report/links.py" />
            <source>(series {series}, image {image})</source>
            <translation>(Serie {series}, Bild {image})</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>, squeezed to {side} × {side}</source>
            <translation>, gestaucht auf {side} × {side}</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>1 image</source>
            <translation>1 Bild</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>1 key image</source>
            <translation>1 Schlüsselbild</translation>
        </message>
        <message>
            <location filename="../../ui/reading.py" />
            <source>1 more object could not be shown.</source>
            <translation>1 weiteres Objekt konnte nicht gezeigt werden.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>1 sentence is left to decide. Accept, edit or reject it, then sign.</source>
            <translation>1 Satz ist noch zu entscheiden. Annehmen, ändern oder verwerfen, dann unterschreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>1 sentence left to decide</source>
            <translation>1 Satz noch zu entscheiden</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>A computed plane is no image of the study; choose a key image there.</source>
            <translation>Eine berechnete Ebene ist kein Bild der Studie; das Schlüsselbild dort wählen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>A computed plane. Report and model go by the images of the study alone.</source>
            <translation>Eine berechnete Ebene. Bericht und Modell richten sich allein nach den Bildern der Studie.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>A later version of this report is in this study.</source>
            <translation>Eine spätere Fassung dieses Befunds ist in dieser Studie.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>A mark on another image of this study was changed.</source>
            <translation>Eine Markierung auf einem anderen Bild dieser Studie wurde geändert.</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>A preliminary report was released. Sign to make it final.</source>
            <translation>Ein vorläufiger Befund wurde freigegeben. Durch Unterschreiben wird er endgültig.</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>A report names its patient. Show identities first, then export.</source>
            <translation>Ein Befund nennt seinen Patienten. Zuerst Identitäten zeigen, dann exportieren.</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>A server on this computer answers: {names}.</source>
            <translation>Ein Server auf diesem Rechner antwortet: {names}.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>A window needs a name, a modality such as CT, and a width above 0.</source>
            <translation>Ein Fenster braucht einen Namen, eine Modalität wie CT und eine Breite über 0.</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>AI</source>
            <translation>KI</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Abdomen</source>
            <translation>Abdomen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <location filename="../../ui/viewport/corners.py" />
            <source>Acc. {accession}</source>
            <translation>Anf.-Nr. {accession}</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Accept the sentence</source>
            <translation>Satz annehmen</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Accepted</source>
            <translation>Angenommen</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Accepted as they were</source>
            <translation>Unverändert angenommen</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_rows.py" />
            <source>Accession {accession}</source>
            <translation>Anforderungsnummer {accession}</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Action</source>
            <translation>Aktion</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Actions and their keys</source>
            <translation>Aktionen und ihre Tasten</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Add</source>
            <translation>Hinzufügen</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Add a key</source>
            <translation>Taste hinzufügen</translation>
        </message>
        <message>
            <location filename="../../ui/report/spell_menu.py" />
            <source>Add “{word}” to the dictionary</source>
            <translation>„{word}“ ins Wörterbuch aufnehmen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Addendum</source>
            <translation>Nachtrag</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Address</source>
            <translation>Adresse</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>All as in the profile</source>
            <translation>Alles wie im Profil</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>All keys are as in the profile now.</source>
            <translation>Alle Tasten sind jetzt wie im Profil.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>All marks are hidden. Shift+M shows them again.</source>
            <translation>Alle Markierungen sind verborgen. Umschalt+M zeigt sie wieder.</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>All that can be done, by menu</source>
            <translation>Alles, was man tun kann, als Menü</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>All that is known</source>
            <translation>Alles, was bekannt ist</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Alt</source>
            <translation>Alt</translation>
        </message>
        <message>
            <location filename="../../ui/reading.py" />
            <source>An object in this study names another patient or study; it is not shown.</source>
            <translation>Ein Objekt dieser Studie nennt einen anderen Patienten oder eine andere Studie; es wird nicht gezeigt.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Angle</source>
            <translation>Winkel</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Ankle</source>
            <translation>Sprunggelenk</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Answers</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Answers to choose from: a, b, c</source>
            <translation>Antworten zur Auswahl: a, b, c</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Applied: {title}.</source>
            <translation>Angewandt: {title}.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Apply this state.</source>
            <translation>Diesen Zustand anwenden.</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Archive</source>
            <translation>Archiv</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Archives</source>
            <translation>Archive</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>Archives and connection check</source>
            <translation>Archive und Verbindungsprüfung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Arrow</source>
            <translation>Pfeil</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>As fits</source>
            <translation>Wie es passt</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>As for answers</source>
            <translation>Wie für Antworten</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>As in the profile</source>
            <translation>Wie im Profil</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>As the desktop</source>
            <translation>Wie die Arbeitsumgebung</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>As the images are</source>
            <translation>Wie die Bilder sind</translation>
        </message>
        <message>
            <location filename="../../plugin/answer.py" />
            <source>Ask</source>
            <translation>Fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Ask about the image, or draw a box first (B)</source>
            <translation>Zum Bild fragen, auch zu einem Ausschnitt (B)</translation>
        </message>
        <message>
            <location filename="../../plugin/answer.py" />
            <source>Ask the model</source>
            <translation>Das Modell fragen</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Asking. Esc stops.</source>
            <translation>Frage läuft. Esc hält an.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>At {location} mm</source>
            <translation>Bei {location} mm</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Author</source>
            <translation>Verfasser</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Axial, coronal, sagittal (MPR)</source>
            <translation>Axial, koronar, sagittal (MPR)</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_rows.py" />
            <source>Born {date}, sex {sex}</source>
            <translation>Geboren {date}, Geschlecht {sex}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Box</source>
            <translation>Ausschnitt</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Breast</source>
            <translation>Mamma</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>C {center} · W {width}</source>
            <translation>C {center} · W {width}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT abdomen</source>
            <translation>CT Abdomen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT angio</source>
            <translation>CT Angio</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT bone</source>
            <translation>CT Knochen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT brain</source>
            <translation>CT Hirn</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT chest</source>
            <translation>CT Thorax</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>CT lung</source>
            <translation>CT Lunge</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>CURRENT</source>
            <translation>AKTUELL</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>CURRENT, {date}</source>
            <translation>AKTUELL, {date}</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <location filename="../../ui/report/sign_dialog.py" />
            <location filename="../../ui/report/template_form.py" />
            <location filename="../../plugin/_models_dialog.py" />
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Centre</source>
            <translation>Mitte</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Change</source>
            <translation>Ändern</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Change key</source>
            <translation>Taste ändern</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Change keys and buttons</source>
            <translation>Tasten und Maus ändern</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Check</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>Check the connection</source>
            <translation>Verbindung prüfen</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>Check the impression</source>
            <translation>Beurteilung prüfen</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>Checking the impression against the findings. Esc stops.</source>
            <translation>Die Beurteilung wird am Befund geprüft. Esc hält an.</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Chest</source>
            <translation>Thorax</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>Choose</source>
            <translation>Auswählen</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Choose a credential of at least {count} characters.</source>
            <translation>Ein Passwort mit mindestens {count} Zeichen wählen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <source>Choose a layout</source>
            <translation>Anordnung wählen</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>Choose a prior</source>
            <translation>Vorstudie auswählen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>Cine</source>
            <translation>Cine</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>Cine faster</source>
            <translation>Cine schneller</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>Cine slower</source>
            <translation>Cine langsamer</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>Cine to and fro</source>
            <translation>Cine hin und her</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>Cine {rate}/s {way} · {shown} of {due} shown</source>
            <translation>Cine {rate}/s {way} · {shown} von {due} gezeigt</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Click a mark first, then write beside it.</source>
            <translation>Erst eine Markierung anklicken, dann daneben schreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <location filename="../../ui/report/page_window.py" />
            <location filename="../../ui/settings_dialog.py" />
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Close the study</source>
            <translation>Studie schließen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Cobb angle</source>
            <translation>Cobb-Winkel</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>Cobb {angle}°</source>
            <translation>Cobb {angle}°</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <source>Code</source>
            <translation>Kürzel</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>Colours</source>
            <translation>Farben</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Compare</source>
            <translation>Vergleich</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Comparison</source>
            <translation>Vergleich</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Connection check</source>
            <translation>Verbindungsprüfung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Contrast {agent}</source>
            <translation>Kontrastmittel {agent}</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Copied.</source>
            <translation>Kopiert.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Copy as text</source>
            <translation>Als Text kopieren</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Copy for the administrator</source>
            <translation>Für die Verwaltung kopieren</translation>
        </message>
        <message>
            <location filename="../../ui/report/row_clipboard.py" />
            <source>Copy the sentence</source>
            <translation>Satz kopieren</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Corners say at first</source>
            <translation>Die Ecken sagen anfangs</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Credential</source>
            <translation>Passwort</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/together.py" />
            <source>Crosshair</source>
            <translation>Fadenkreuz</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Ctrl</source>
            <translation>Strg</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Ctrl + drag</source>
            <translation>Strg + Ziehen</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>DICOMweb</source>
            <translation>DICOMweb</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Delete mark</source>
            <translation>Markierung löschen</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>Draft</source>
            <translation>Entwurf</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>Draft from the template</source>
            <translation>Entwurf nach Vorlage</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>Draft ready, Shift+E</source>
            <translation>Entwurf bereit, Umschalt+E</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>Drafting. Esc stops and keeps what is written.</source>
            <translation>Entwurf entsteht. Esc hält an und behält, was geschrieben ist.</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Draw a box (B), then Enter</source>
            <translation>Einen Ausschnitt ziehen (B), dann Eingabe</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/priors.py" />
            <source>Earlier studies could not be looked for. {why}</source>
            <translation>Nach Vorstudien konnte nicht gesucht werden. {why}</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Edit the sentence</source>
            <translation>Satz bearbeiten</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Edited</source>
            <translation>Bearbeitet</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Elbow</source>
            <translation>Ellenbogen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Ellipse</source>
            <translation>Ellipse</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Encrypt DICOM associations</source>
            <translation>DICOM-Verbindungen verschlüsseln</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Enter asks</source>
            <translation>Eingabe fragt</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Enter asks. Answers to choose from may follow a bar: … | a, b</source>
            <translation>Eingabe fragt. Antworten zur Auswahl dürfen nach einem Strich folgen: … | a, b</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <location filename="../../ui/exporting.py" />
            <source>Export</source>
            <translation>Export</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>Export the signed report</source>
            <translation>Signierten Befund exportieren</translation>
        </message>
        <message>
            <location filename="../../ui/exporting.py" />
            <source>Exported to {folder}.</source>
            <translation>Exportiert nach {folder}.</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>Exporting</source>
            <translation>Export läuft</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>FHIR DiagnosticReport</source>
            <translation>FHIR DiagnosticReport</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>FORM</source>
            <translation>FORM</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Family, Given</source>
            <translation>Nachname, Vorname</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <location filename="../../ui/report/templates.py" />
            <source>Fill in a template</source>
            <translation>Vorlage ausfüllen</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <source>Fill in the rest as normal</source>
            <translation>Übriges als unauffällig ausfüllen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid.py" />
            <location filename="../../ui/viewport/pane.py" />
            <source>Film</source>
            <translation>Aufnahme</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid.py" />
            <source>Film {number} of {of}</source>
            <translation>Aufnahme {number} von {of}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid.py" />
            <source>Film {number} of {of}, in hand</source>
            <translation>Aufnahme {number} von {of}, in der Hand</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Findings</source>
            <translation>Befund</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>Findings into impression</source>
            <translation>Befund zur Beurteilung zusammenfassen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>First image</source>
            <translation>Erstes Bild</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>First signature of this name here: choose a credential and remember it.</source>
            <translation>Erste Unterschrift dieses Namens hier: ein Passwort wählen und merken.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Fit to pane</source>
            <translation>Einpassen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Flip left to right</source>
            <translation>Links und rechts spiegeln</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Flip upside down</source>
            <translation>Oben und unten spiegeln</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Flip {value}°</source>
            <translation>Kippwinkel {value}°</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Foot</source>
            <translation>Fuß</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Freehand</source>
            <translation>Freihand</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>From</source>
            <translation>Herkunft</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>From the template.</source>
            <translation>Aus der Vorlage.</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Full: accepted. Hatched: edited. Empty: rejected. No word of a report is shown.</source>
            <translation>Voll: angenommen. Schraffiert: bearbeitet. Leer: verworfen. Kein Wort eines Befundes wird gezeigt.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Gesture</source>
            <translation>Geste</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Gestures and what they do</source>
            <translation>Gesten und was sie tun</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Go to the film</source>
            <translation>Zur Aufnahme</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Graphics card (Apple)</source>
            <translation>Grafikkarte (Apple)</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Graphics card (CUDA)</source>
            <translation>Grafikkarte (CUDA)</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>HL7 message</source>
            <translation>HL7-Nachricht</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Half of this machine's, {size} GB</source>
            <translation>Die Hälfte dieses Rechners, {size} GB</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Hand</source>
            <translation>Hand</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Hang by protocol</source>
            <translation>Nach Protokoll hängen</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Head</source>
            <translation>Kopf</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Heart</source>
            <translation>Herz</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Help</source>
            <translation>Hilfe</translation>
        </message>
        <message>
            <location filename="../../ui/preferences.py" />
            <source>Hide or show whose images these are</source>
            <translation>Zeigen oder verbergen, von wem die Bilder sind</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>High contrast</source>
            <translation>Hoher Kontrast</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Hip</source>
            <translation>Hüfte</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>How it was taken</source>
            <translation>Wie aufgenommen wurde</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>I have looked at the images: none shows a name</source>
            <translation>Ich habe die Bilder angesehen: keines zeigt einen Namen</translation>
        </message>
        <message>
            <location filename="../../ui/acknowledgement.py" />
            <source>I understand</source>
            <translation>Verstanden</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <location filename="../../ui/viewport/corners.py" />
            <location filename="../../ui/worklist/study_rows.py" />
            <source>ID {id}</source>
            <translation>ID {id}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>Identity hidden</source>
            <translation>Identität verborgen</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/worklist_side.py" />
            <source>Identity is hidden, so no studies are listed.</source>
            <translation>Die Identität ist verborgen, darum werden keine Studien aufgelistet.</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Image</source>
            <translation>Bild</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Image number, window and zoom</source>
            <translation>Bildnummer, Fenster und Vergrößerung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>Image {number} of {count}</source>
            <translation>Bild {number} von {count}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <location filename="../../plugin/_shown.py" />
            <source>Images leave this computer: {names}</source>
            <translation>Bilder verlassen diesen Rechner: {names}</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Impression</source>
            <translation>Beurteilung</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>In PACS</source>
            <translation>Im PACS</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>In PACS, verified, {time}</source>
            <translation>Im PACS, geprüft, {time}</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>In PACS, verified, {time} (committed)</source>
            <translation>Im PACS, geprüft, {time} (zugesichert)</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>In order: {answers}{more}</source>
            <translation>Der Reihe nach: {answers}{more}</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Indication</source>
            <translation>Fragestellung</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <source>Insert</source>
            <translation>Einfügen</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Insert as finding</source>
            <translation>Als Befund einfügen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Invert</source>
            <translation>Invertieren</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>Inverted by hand</source>
            <translation>Von Hand invertiert</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>It answered in {time} ms.</source>
            <translation>Antwort in {time} ms.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>It cannot be taken away.</source>
            <translation>Es kann nicht weggenommen werden.</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>It is not known whether the PACS holds this report.</source>
            <translation>Ob das PACS diesen Bericht hat, ist nicht bekannt.</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <source>It is on its way.</source>
            <translation>Unterwegs.</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>It is searched when Wetread is started again.</source>
            <translation>Es wird durchsucht, sobald Wetread neu gestartet ist.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Kept on this workstation. No PACS is set up that it could be stored in.</source>
            <translation>Auf diesem Arbeitsplatz aufbewahrt. Es ist kein PACS eingerichtet, in dem es gespeichert werden könnte.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Key</source>
            <translation>Taste</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/annotation_layer.py" />
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Key image</source>
            <translation>Schlüsselbild</translation>
        </message>
        <message>
            <location filename="../../ui/state_files.py" />
            <source>Key images ({count})</source>
            <translation>Schlüsselbilder ({count})</translation>
        </message>
        <message>
            <location filename="../../ui/preferences.py" />
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Keys</source>
            <translation>Tasten</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Keys and mouse</source>
            <translation>Tasten und Maus</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Knee</source>
            <translation>Knie</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>LATER STUDY</source>
            <translation>SPÄTERE STUDIE</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>LATER STUDY, {date}</source>
            <translation>SPÄTERE STUDIE, {date}</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Last image</source>
            <translation>Letztes Bild</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Layout</source>
            <translation>Anordnung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/layout_picker.py" />
            <source>Layout of the panes</source>
            <translation>Anordnung der Bildfelder</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Leave all as it was (Esc)</source>
            <translation>Alles lassen, wie es war (Esc)</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Leave it</source>
            <translation>So lassen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Length</source>
            <translation>Länge</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Licence</source>
            <translation>Lizenz</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>Light room</source>
            <translation>Heller Raum</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/together.py" />
            <source>Link scrolling</source>
            <translation>Blättern verknüpfen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/together.py" />
            <source>Link zoom and window</source>
            <translation>Vergrößerung und Fenster verknüpfen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Linked by a set offset · other frame of reference</source>
            <translation>Verknüpft mit festem Abstand · anderes Bezugssystem</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Linked by position</source>
            <translation>Verknüpft nach Lage</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Linked by position · ends {mm} mm away</source>
            <translation>Verknüpft nach Lage · endet {mm} mm entfernt</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Linked image by image · positions unknown</source>
            <translation>Verknüpft Bild für Bild · Lagen unbekannt</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>List all studies</source>
            <translation>Alle Studien auflisten</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane.py" />
            <source>Loading image {number} of {count}</source>
            <translation>Bild {number} von {count} wird geladen</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Loading was stopped. Open the study again to fetch the rest.</source>
            <translation>Das Laden wurde angehalten. Die Studie erneut öffnen, um den Rest zu holen.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>Looking for earlier studies.</source>
            <translation>Nach Vorstudien wird gesucht.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Lossy {ratio}</source>
            <translation>Verlustbehaftet {ratio}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>MIP, mean or MinIP</source>
            <translation>MIP, Mittel oder MinIP</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros.py" />
            <location filename="../../ui/report/macros_dialog.py" />
            <source>Macros</source>
            <translation>Textbausteine</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Magnifying glass</source>
            <translation>Lupe</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Making a volume of {count} slices.</source>
            <translation>Aus {count} Schichten entsteht ein Volumen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Making a volume: {done} of {total} slices.</source>
            <translation>Volumen entsteht: {done} von {total} Schichten.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Manufacturer</source>
            <translation>Hersteller</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Maximise</source>
            <translation>Maximieren</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Maximise and back</source>
            <translation>Maximieren und zurück</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Measure</source>
            <translation>Messen</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Measured</source>
            <translation>Gemessen</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <location filename="../../ui/window.py" />
            <source>Menu</source>
            <translation>Menü</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Mirrored</source>
            <translation>Gespiegelt</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Missing</source>
            <translation>Fehlt</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Modality</source>
            <translation>Modalität</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <location filename="../../ui/toolbar.py" />
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <location filename="../../plugin/card.py" />
            <source>Model card</source>
            <translation>Modellkarte</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <location filename="../../plugin/models.py" />
            <source>Models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Month</source>
            <translation>Monat</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>More or less in the corners</source>
            <translation>Mehr oder weniger in den Ecken</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Mouse</source>
            <translation>Maus</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>Name, ID or accession</source>
            <translation>Name, ID oder Anforderungsnummer</translation>
        </message>
        <message>
            <location filename="../../ui/preferences.py" />
            <source>Name, for images of modality {name}</source>
            <translation>Name, für Bilder der Modalität {name}</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>Names, numbers, private attributes and texts are removed, UIDs are replaced and dates moved (PS3.15 Basic Profile). Pixels stay as they are.</source>
            <translation>Namen, Nummern, private Attribute und Texte werden entfernt, UIDs ersetzt und Daten verschoben (PS3.15 Basic Profile). Die Pixel bleiben, wie sie sind.</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Neck</source>
            <translation>Hals</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>New archive</source>
            <translation>Neues Archiv</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Next  F9</source>
            <translation>Weiter  F9</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Next image</source>
            <translation>Nächstes Bild</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Next mark</source>
            <translation>Nächste Markierung</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Next sentence</source>
            <translation>Nächster Satz</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Next series</source>
            <translation>Nächste Serie</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>No button holds the tool in hand; drawing needs one.</source>
            <translation>Keine Maustaste hält das Werkzeug in der Hand; zum Zeichnen braucht es eine.</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_rows.py" />
            <source>No description</source>
            <translation>Ohne Beschreibung</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>No earlier study of the same part of the body was found. Shift+X lists the other studies of this patient ({count}).</source>
            <translation>Keine Vorstudie derselben Körperregion gefunden. Umschalt+X listet die anderen Studien dieses Patienten auf ({count}).</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>No key</source>
            <translation>Keine Taste</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>No layout fits this study; choose one, and save it as your own.</source>
            <translation>Keine Anordnung passt zu dieser Studie; eine wählen und als eigene speichern.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/priors.py" />
            <source>No other study of this patient was found.</source>
            <translation>Keine andere Studie dieses Patienten gefunden.</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>No picture</source>
            <translation>Kein Bild</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>No presentation state is applied.</source>
            <translation>Kein Darstellungszustand ist angewandt.</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>No report with a model's suggestion was signed here yet.</source>
            <translation>Hier wurde noch kein Befund mit dem Vorschlag eines Modells unterschrieben.</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>No study matches “{words}”. Check the spelling, or search by ID.</source>
            <translation>Keine Studie passt zu „{words}“. Die Schreibweise prüfen oder nach der ID suchen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>No study open</source>
            <translation>Keine Studie geöffnet</translation>
        </message>
        <message>
            <location filename="../../ui/status.py" />
            <source>Nobody has measured what grey values become on this screen. The test pattern in the menu Help shows what it can do.</source>
            <translation>Niemand hat gemessen, was aus den Grauwerten auf diesem Bildschirm wird. Das Testbild im Menü Hilfe zeigt, was er kann.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Not as in the profile</source>
            <translation>Nicht wie im Profil</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Not decided yet.</source>
            <translation>Noch nicht entschieden.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Not linked · other frame of reference</source>
            <translation>Nicht verknüpft · anderes Bezugssystem</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linking.py" />
            <source>Not linked · other plane</source>
            <translation>Nicht verknüpft · andere Ebene</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Noted: {notes}.</source>
            <translation>Vermerkt: {notes}.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Nothing</source>
            <translation>Nichts</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Nothing has changed since the presentation was saved.</source>
            <translation>Seit dem Speichern der Darstellung hat sich nichts geändert.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Nothing left to decide</source>
            <translation>Nichts mehr zu entscheiden</translation>
        </message>
        <message>
            <location filename="../../ui/report/templates.py" />
            <source>Nothing was filled in, so nothing was inserted.</source>
            <translation>Es wurde nichts ausgefüllt und darum nichts eingefügt.</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Nothing was found.</source>
            <translation>Nichts gefunden.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Nothing written yet</source>
            <translation>Noch nichts geschrieben</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Objective {power}×</source>
            <translation>Objektiv {power}×</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>One to one</source>
            <translation>Eins zu eins</translation>
        </message>
        <message>
            <location filename="../../ui/report/links.py" />
            <source>Only marks on images of the open study can stand in its report.</source>
            <translation>In den Befund gehören nur Markierungen auf Bildern der geöffneten Studie.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>Open a study first, then compare it with an earlier one.</source>
            <translation>Erst eine Studie öffnen, dann mit einer früheren vergleichen.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Open a study first; its layout can then be saved.</source>
            <translation>Erst eine Studie öffnen; ihre Anordnung kann dann gespeichert werden.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Open a study to write its report.</source>
            <translation>Eine Studie öffnen, um ihren Bericht zu schreiben.</translation>
        </message>
        <message>
            <location filename="../../plugin/answer.py" />
            <source>Open an image first, then ask about it.</source>
            <translation>Erst ein Bild öffnen, dann danach fragen.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Open the next study of the list (F9)</source>
            <translation>Die nächste Studie der Liste öffnen (F9)</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Organisation</source>
            <translation>Einrichtung</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Other</source>
            <translation>Anderes</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Our AE title</source>
            <translation>Unser AE-Titel</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Our port</source>
            <translation>Unser Port</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>PDF</source>
            <translation>PDF</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>PRIOR</source>
            <translation>VORSTUDIE</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>PRIOR, {date}</source>
            <translation>VORSTUDIE, {date}</translation>
        </message>
        <message>
            <location filename="../../ui/settings_dialog.py" />
            <source>Pages</source>
            <translation>Seiten</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Pan</source>
            <translation>Verschieben</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <source>Pane above</source>
            <translation>Bildfeld darüber</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <source>Pane below</source>
            <translation>Bildfeld darunter</translation>
        </message>
        <message>
            <location filename="../../ui/film_window.py" />
            <source>Pane in a window of its own, or back</source>
            <translation>Bildfeld in ein eigenes Fenster, oder zurück</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <source>Pane to the left</source>
            <translation>Bildfeld links</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <source>Pane to the right</source>
            <translation>Bildfeld rechts</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid_actions.py" />
            <location filename="../../ui/window.py" />
            <source>Panes {layout}</source>
            <translation>Bildfelder {layout}</translation>
        </message>
        <message>
            <location filename="../../ui/report/row_clipboard.py" />
            <source>Paste as a sentence</source>
            <translation>Als Satz einfügen</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Patient</source>
            <translation>Patient</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Patient ID</source>
            <translation>Patienten-ID</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>Patient and study</source>
            <translation>Patient und Studie</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>Patient and study stand in the corners of a view.</source>
            <translation>Patient und Studie stehen in den Ecken der Ansicht.</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Pelvis</source>
            <translation>Becken</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Phase {value} %</source>
            <translation>Phase {value} %</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Presentation states</source>
            <translation>Darstellungszustände</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/key_field.py" />
            <source>Press the new key; Esc leaves it as it is</source>
            <translation>Die neue Taste drücken; Esc lässt sie, wie sie ist</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Previous image</source>
            <translation>Voriges Bild</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Previous sentence</source>
            <translation>Voriger Satz</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Previous series</source>
            <translation>Vorige Serie</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>Prior</source>
            <translation>Vorstudie</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Probe</source>
            <translation>Messpunkt</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Processor</source>
            <translation>Prozessor</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Profile</source>
            <translation>Profil</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Profile of keys</source>
            <translation>Tastenprofil</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Profile of the mouse</source>
            <translation>Mausprofil</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Put the answer among the findings, to be decided there</source>
            <translation>Die Antwort in den Befund stellen, um dort darüber zu entscheiden</translation>
        </message>
        <message>
            <location filename="../../ui/report/links.py" />
            <source>Put the measurement or key image into the sentence</source>
            <translation>Messung oder Schlüsselbild in den Satz setzen</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Question</source>
            <translation>Frage</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Quit</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <location filename="../../ui/report/pages.py" />
            <source>Read reports of the study</source>
            <translation>Befunde der Studie lesen</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Reader</source>
            <translation>Befunder</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Redo</source>
            <translation>Wiederherstellen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Redo mark</source>
            <translation>Markierung wiederherstellen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/together.py" />
            <source>Reference lines</source>
            <translation>Referenzlinien</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Refusals</source>
            <translation>Ablehnungen</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Reject the sentence</source>
            <translation>Satz verwerfen</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Rejected</source>
            <translation>Verworfen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Rejected: it will not be in the report.</source>
            <translation>Verworfen: steht nicht im Bericht.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Release</source>
            <translation>Freigeben</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <location filename="../../ui/report/sign_flow.py" />
            <source>Release as preliminary</source>
            <translation>Als vorläufig freigeben</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>Released as preliminary. The draft stays open until it is signed.</source>
            <translation>Als vorläufig freigegeben. Der Entwurf bleibt offen, bis er unterschrieben ist.</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>Remove the patient's identity</source>
            <translation>Die Identität des Patienten entfernen</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Repeat</source>
            <translation>Wiederholen</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <location filename="../../ui/report/report_panel.py" />
            <location filename="../../ui/toolbar.py" />
            <location filename="../../ui/wording.py" />
            <source>Report</source>
            <translation>Bericht</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Reports</source>
            <translation>Befunde</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Reports are hidden while identities are.</source>
            <translation>Befunde sind verborgen, solange es die Identität ist.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Reports of this study</source>
            <translation>Befunde dieser Studie</translation>
        </message>
        <message>
            <location filename="../../ui/acknowledgement.py" />
            <source>Research use only</source>
            <translation>Nur für die Forschung</translation>
        </message>
        <message>
            <location filename="../../ui/status.py" />
            <source>Research use only, not for diagnosis</source>
            <translation>Nur für die Forschung, nicht zur Diagnose</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Reset view</source>
            <translation>Zurücksetzen</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <location filename="../../ui/report/macros_dialog.py" />
            <location filename="../../plugin/_models_dialog.py" />
            <source>Save</source>
            <translation>Speichern</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Save as CSV</source>
            <translation>Als CSV speichern</translation>
        </message>
        <message>
            <location filename="../../ui/documents.py" />
            <source>Save document</source>
            <translation>Dokument speichern</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Save my layout</source>
            <translation>Meine Anordnung speichern</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Save presentation</source>
            <translation>Darstellung speichern</translation>
        </message>
        <message>
            <location filename="../../ui/documents.py" />
            <source>Save the documents of this study in</source>
            <translation>Dokumente dieser Studie speichern in</translation>
        </message>
        <message>
            <location filename="../../ui/preferences.py" />
            <source>Save this window</source>
            <translation>Dieses Fenster speichern</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>Saved as “{name}”; it comes first from now on.</source>
            <translation>Gespeichert als „{name}“; von jetzt an zuerst.</translation>
        </message>
        <message>
            <location filename="../../ui/documents.py" />
            <source>Saved {names} in {folder}.</source>
            <translation>{names} in {folder} gespeichert.</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <location filename="../../ui/report/monitor_window.py" />
            <source>Saved {name}.</source>
            <translation>{name} gespeichert.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Scroll</source>
            <translation>Blättern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Scroll through the series</source>
            <translation>Durch die Serie blättern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Scroll, five images at a time</source>
            <translation>Blättern, fünf Bilder auf einmal</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <location filename="../../ui/window.py" />
            <source>Search</source>
            <translation>Suchen</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Search a button or what it does</source>
            <translation>Eine Maustaste suchen, oder was sie tut</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Search an action or a key</source>
            <translation>Eine Aktion oder Taste suchen</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>Search the PACS and this disk (Ctrl+F)</source>
            <translation>Im PACS und auf diesem Rechner suchen (Strg+F)</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>Searching {names} …</source>
            <translation>{names} wird durchsucht …</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>Second text, or answers to choose from</source>
            <translation>Zweiter Text, oder Antworten zur Auswahl</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Sentences accepted (full), edited (hatched), rejected (empty)</source>
            <translation>Sätze: angenommen (voll), bearbeitet (schraffiert), verworfen (leer)</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/worklist_side.py" />
            <source>Series</source>
            <translation>Serien</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>Series of this study</source>
            <translation>Serien dieser Studie</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>Series {number}</source>
            <translation>Serie {number}</translation>
        </message>
        <message>
            <location filename="../../ui/preferences.py" />
            <location filename="../../ui/settings_dialog.py" />
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>Shift</source>
            <translation>Umschalt</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Shoulder</source>
            <translation>Schulter</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Show codes</source>
            <translation>Codes zeigen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cell.py" />
            <source>Show here</source>
            <translation>Hier zeigen</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Show or hide both sides</source>
            <translation>Beide Seiten zeigen oder verbergen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Show or hide marks</source>
            <translation>Markierungen zeigen oder verbergen</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Show or hide the study list</source>
            <translation>Studienliste zeigen oder verbergen</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Shown from this disk. {problem}</source>
            <translation>Von diesem Rechner gezeigt. {problem}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Side {side} · View {view}</source>
            <translation>Seite {side} · Projektion {view}</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Sign</source>
            <translation>Unterschreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Sign  F8</source>
            <translation>Unterschreiben  F8</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Sign the report</source>
            <translation>Bericht unterschreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Sign the report and store it in the PACS (F8)</source>
            <translation>Bericht unterschreiben und im PACS speichern (F8)</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <source>Signed reports that the PACS has not been proved to hold. They stay on this disk.</source>
            <translation>Unterschriebene Berichte, für die nicht bewiesen ist, dass das PACS sie hat. Sie bleiben auf diesem Rechner.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Single slices.</source>
            <translation>Einzelne Schichten.</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>Size of words</source>
            <translation>Schriftgröße</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Skip to the next study</source>
            <translation>Zur nächsten Studie</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Skull</source>
            <translation>Schädel</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Slab {words}.</source>
            <translation>Slab {words}.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Slice {thickness} mm · at {location} mm</source>
            <translation>Schicht {thickness} mm · Lage {location} mm</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>Some key images are not in this study as it is here.</source>
            <translation>Einige Schlüsselbilder fehlen in dieser Studie, wie sie hier ist.</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Something unforeseen happened; it stands in the log. What is written is kept.</source>
            <translation>Etwas Unvorhergesehenes ist geschehen; es steht im Protokoll. Was geschrieben ist, bleibt erhalten.</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Spine</source>
            <translation>Wirbelsäule</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Step back</source>
            <translation>Einen Schritt zurück</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>Stop</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <location filename="../../plugin/_ask_box.py" />
            <location filename="../../plugin/check.py" />
            <source>Stopped.</source>
            <translation>Angehalten.</translation>
        </message>
        <message>
            <location filename="../../ui/exporting.py" />
            <source>Stopped. Nothing was exported.</source>
            <translation>Angehalten. Nichts wurde exportiert.</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>Store waiting reports again</source>
            <translation>Wartende Berichte erneut speichern</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>Studies come by {way}: {why}.</source>
            <translation>Studien kommen über {way}: {why}.</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Study</source>
            <translation>Studie</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Suggested by the model.</source>
            <translation>Vom Modell vorgeschlagen.</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>Summing the findings up. Esc stops.</source>
            <translation>Der Befund wird zusammengefasst. Esc hält an.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>TE {value} ms</source>
            <translation>TE {value} ms</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>TI {value} ms</source>
            <translation>TI {value} ms</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>TR {value} ms</source>
            <translation>TR {value} ms</translation>
        </message>
        <message>
            <location filename="../../ui/report/links.py" />
            <source>Take a mark in hand, or make the image a key image; then put it in.</source>
            <translation>Erst eine Markierung anwählen oder das Bild zum Schlüsselbild machen, dann einsetzen.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Take it away</source>
            <translation>Wegnehmen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Taken {time}</source>
            <translation>Aufgenommen {time}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Tasks</source>
            <translation>Aufgaben</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Technique</source>
            <translation>Technik</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <source>Template</source>
            <translation>Vorlage</translation>
        </message>
        <message>
            <location filename="../../ui/pattern_window.py" />
            <location filename="../../ui/window.py" />
            <source>Test pattern</source>
            <translation>Testbild</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Text</source>
            <translation>Text</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>The addendum says nothing yet. Write or accept a sentence, then sign.</source>
            <translation>Der Nachtrag sagt noch nichts. Einen Satz schreiben oder annehmen, dann signieren.</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>The check ended with a fault of Wetread's own.</source>
            <translation>Die Prüfung endete mit einem Fehler von Wetread selbst.</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>The check is done.</source>
            <translation>Die Prüfung ist fertig.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/crosshair.py" />
            <source>The crosshair lies beside this slice.</source>
            <translation>Das Fadenkreuz liegt neben dieser Schicht.</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>The draft was stopped.</source>
            <translation>Der Entwurf wurde angehalten.</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>The draft was stopped; its last sentence may be cut off.</source>
            <translation>Der Entwurf wurde angehalten; sein letzter Satz ist vielleicht abgeschnitten.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/priors.py" />
            <source>The earlier study could not be brought here. {why}</source>
            <translation>Die Vorstudie konnte nicht hierher geholt werden. {why}</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/priors.py" />
            <source>The earlier study holds no image that can be shown.</source>
            <translation>Die Vorstudie enthält kein Bild, das gezeigt werden kann.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/priors.py" />
            <source>The earlier study names another patient or another issuer of the patient number; it may be another person's and is not shown.</source>
            <translation>Die Vorstudie nennt einen anderen Patienten oder eine andere Vergabestelle der Patientennummer; sie könnte von jemand anderem sein und wird nicht gezeigt.</translation>
        </message>
        <message>
            <location filename="../../ui/exporting.py" />
            <source>The export failed.</source>
            <translation>Der Export ist fehlgeschlagen.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>The film stays on black in every theme</source>
            <translation>Die Aufnahme bleibt in allen Farben auf Schwarz</translation>
        </message>
        <message>
            <location filename="../../plugin/_checking.py" />
            <source>The findings contradict the impression in {count} of {all} sentences.</source>
            <translation>Der Befund widerspricht der Beurteilung in {count} von {all} Sätzen.</translation>
        </message>
        <message>
            <location filename="../../plugin/_checking.py" />
            <source>The findings contradict this ({share})</source>
            <translation>Der Befund widerspricht dem ({share})</translation>
        </message>
        <message>
            <location filename="../../ui/report/pages.py" />
            <source>The image that this line is about is not in the open study.</source>
            <translation>Das Bild, um das es in dieser Zeile geht, ist nicht in der offenen Studie.</translation>
        </message>
        <message>
            <location filename="../../plugin/_checking.py" />
            <source>The model finds no contradiction. It may be wrong; not calibrated.</source>
            <translation>Das Modell findet keinen Widerspruch. Es kann irren; nicht kalibriert.</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>The model has no card: nobody has measured it.</source>
            <translation>Das Modell hat keine Karte: niemand hat es gemessen.</translation>
        </message>
        <message>
            <location filename="../../plugin/draft.py" />
            <source>The model has no finding to suggest for this image.</source>
            <translation>Das Modell schlägt zu diesem Bild keinen Befund vor.</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>The model has nothing to add to what stands in the report.</source>
            <translation>Das Modell hat dem Bericht nichts hinzuzufügen.</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>The model suggested: {words}</source>
            <translation>Vorschlag des Modells: {words}</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>The model that answered last.</source>
            <translation>Das Modell, das zuletzt geantwortet hat.</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>The model that drafts and answers here.</source>
            <translation>Das Modell, das hier entwirft und antwortet.</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>The model's probability is {number}.</source>
            <translation>Die Wahrscheinlichkeit des Modells ist {number}.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>The name is shown as its file declares it, but its bytes look like {charset}: {name}. Ask the sender which is right.</source>
            <translation>Der Name steht hier, wie die Datei ihn angibt, doch seine Bytes sehen nach {charset} aus: {name}. Den Absender fragen, was stimmt.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/key_field.py" />
            <source>The new key</source>
            <translation>Die neue Taste</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>The pane in hand shows a prior. Report and model are about the open study alone; take one of its panes in hand to go on with it.</source>
            <translation>Das Bildfeld in der Hand zeigt eine Vorstudie. Bericht und Modell gelten allein der geöffneten Studie; zum Weiterarbeiten eines ihrer Bildfelder in die Hand nehmen.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>The presentation is in the PACS, read back and equal.</source>
            <translation>Die Darstellung ist im PACS, zurückgelesen und gleich.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>The presentation is saved and is being stored.</source>
            <translation>Die Darstellung ist gesichert und wird gespeichert.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>The report could not be signed. What went wrong stands in the log; the draft is as it was.</source>
            <translation>Der Bericht konnte nicht unterschrieben werden. Was schiefging, steht im Protokoll; der Entwurf ist, wie er war.</translation>
        </message>
        <message>
            <location filename="../../plugin/check.py" />
            <source>The report has changed meanwhile. Check it again.</source>
            <translation>Der Bericht hat sich inzwischen geändert. Bitte erneut prüfen.</translation>
        </message>
        <message>
            <location filename="../../ui/closing.py" />
            <source>The report is not saved. Make room on the disk; closing again loses the last changes.</source>
            <translation>Der Bericht ist nicht gespeichert. Platz auf der Platte schaffen; erneutes Schließen verliert die letzten Änderungen.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>The report is stored in your name, unverified. Its draft stays open.</source>
            <translation>Der Befund wird in Ihrem Namen gespeichert, unbestätigt. Sein Entwurf bleibt offen.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>The report says nothing yet. Write or accept a sentence, then sign.</source>
            <translation>Der Bericht sagt noch nichts. Einen Satz schreiben oder annehmen, dann unterschreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>The same, faster</source>
            <translation>Dasselbe, schneller</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>The setting {fault}.</source>
            <translation>Die Einstellung {fault}.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gestures.py" />
            <source>The settings bind {gesture} to {act}, which is nothing that a mouse does here; the profile's binding stays.</source>
            <translation>Die Einstellungen legen {act} auf {gesture}, was die Maus hier nicht kann; die Belegung des Profils bleibt.</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>The study asked for was not found.</source>
            <translation>Die gesuchte Studie wurde nicht gefunden.</translation>
        </message>
        <message>
            <location filename="../../plugin/_checking.py" />
            <source>The texts are too long for the model: it did not read their end.</source>
            <translation>Die Texte sind für das Modell zu lang: Ihr Ende hat es nicht gelesen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>The tool in hand, at rest {tool}</source>
            <translation>Das Werkzeug in der Hand, in Ruhe {tool}</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>The two credentials differ. Type them again.</source>
            <translation>Die beiden Passwörter sind verschieden. Bitte erneut eingeben.</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>The whole study as a DICOM folder with DICOMDIR</source>
            <translation>Die ganze Studie als DICOM-Ordner mit DICOMDIR</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <source>The window speaks this language when Wetread is started again.</source>
            <translation>Diese Sprache gilt, wenn Wetread neu gestartet ist.</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>There are no studies here yet.</source>
            <translation>Hier gibt es noch keine Studien.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>There is no mark on this image.</source>
            <translation>Auf diesem Bild ist keine Markierung.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>There is no mark to redo in this study.</source>
            <translation>In dieser Studie ist keine Markierung wiederherzustellen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>There is no mark to undo in this study.</source>
            <translation>In dieser Studie ist keine Markierung zurückzunehmen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gestures.py" />
            <source>There is no mouse profile {name}; the one called {other} is used.</source>
            <translation>Es gibt kein Mausprofil {name}; {other} wird benutzt.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>There is no profile of keys {name}; the one called {other} is used.</source>
            <translation>Es gibt kein Tastenprofil {name}; {other} wird benutzt.</translation>
        </message>
        <message>
            <location filename="../../ui/report/handing_out.py" />
            <source>There is no signed report here. Sign it first.</source>
            <translation>Hier ist kein signierter Befund. Zuerst signieren.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/series_pane.py" />
            <source>These images do not belong to the study that was opened, so they are not shown. Open the study again from the list.</source>
            <translation>Diese Bilder gehören nicht zur geöffneten Studie und werden darum nicht gezeigt. Die Studie erneut aus der Liste öffnen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/grid.py" />
            <source>These images name another patient than the study that is open, so they are not shown here. Open their study from the list.</source>
            <translation>Diese Bilder nennen einen anderen Patienten als die geöffnete Studie und werden darum hier nicht gezeigt. Ihre Studie aus der Liste öffnen.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>These planes are computed already; go to the series they are of.</source>
            <translation>Diese Ebenen sind schon berechnet; zur Serie gehen, aus der sie stammen.</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>They do not fit into the memory together, so they take turns in it.</source>
            <translation>Zusammen passen sie nicht in den Speicher, darum wechseln sie sich darin ab.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Thicker slab</source>
            <translation>Dickerer Slab</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>Thinner slab</source>
            <translation>Dünnerer Slab</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/series_pane.py" />
            <source>This image cannot be shown. What went wrong stands in the log.</source>
            <translation>Dieses Bild kann nicht gezeigt werden. Was schiefging, steht im Protokoll.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/crosshair.py" />
            <source>This image does not say where it lies in the patient.</source>
            <translation>Dieses Bild sagt nicht, wo es im Patienten liegt.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>This is the first series.</source>
            <translation>Dies ist die erste Serie.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>This is the last series.</source>
            <translation>Dies ist die letzte Serie.</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>This is the last study of the list.</source>
            <translation>Dies ist die letzte Studie der Liste.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>This key cannot be changed.</source>
            <translation>Diese Taste kann nicht geändert werden.</translation>
        </message>
        <message>
            <location filename="../../ui/report/links.py" />
            <source>This mark measures no length, area or angle.</source>
            <translation>Diese Markierung misst weder Länge noch Fläche noch Winkel.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>This report follows an earlier version.</source>
            <translation>Dieser Befund folgt auf eine frühere Fassung.</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>This series as a DICOM folder with DICOMDIR</source>
            <translation>Diese Serie als DICOM-Ordner mit DICOMDIR</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>This series as pictures (PNG)</source>
            <translation>Diese Serie als Bilder (PNG)</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>This series belongs to a study that is not open any more.</source>
            <translation>Diese Serie gehört zu einer Studie, die nicht mehr geöffnet ist.</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>This study has no patient ID, so no prior can be looked for.</source>
            <translation>Diese Studie hat keine Patienten-ID, darum kann nach keiner Vorstudie gesucht werden.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>This study has presentation states ({count}); Ctrl+Shift+S chooses.</source>
            <translation>Diese Studie hat Darstellungszustände ({count}); Strg+Umschalt+S wählt aus.</translation>
        </message>
        <message>
            <location filename="../../ui/documents.py" />
            <source>This study holds no document.</source>
            <translation>Diese Studie enthält kein Dokument.</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>This study holds no image that can be shown. Choose another from the list.</source>
            <translation>Diese Studie enthält kein Bild, das gezeigt werden kann. Eine andere aus der Liste wählen.</translation>
        </message>
        <message>
            <location filename="../../ui/states.py" />
            <source>This study holds no presentation state.</source>
            <translation>Diese Studie enthält keinen Darstellungszustand.</translation>
        </message>
        <message>
            <location filename="../../ui/report/pages.py" />
            <source>This study holds no report of any maker.</source>
            <translation>Diese Studie enthält keinen Befund.</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>This view, as it is seen (PNG)</source>
            <translation>Diese Ansicht, wie sie zu sehen ist (PNG)</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Time {number}</source>
            <translation>Zeit {number}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Time {number} of {count}</source>
            <translation>Zeit {number} von {count}</translation>
        </message>
        <message>
            <location filename="../../ui/pattern_window.py" />
            <source>To be seen: all four corners of every patch, the square of 5 % in black and of 95 % in white, even ramps, single lines, four corner marks.</source>
            <translation>Zu sehen sein sollen: alle vier Ecken jedes Feldes, das Quadrat von 5 % in Schwarz und von 95 % in Weiß, gleichmäßige Verläufe, einzelne Linien, vier Eckmarken.</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>Tools</source>
            <translation>Werkzeuge</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Trigger {value} ms</source>
            <translation>Trigger {value} ms</translation>
        </message>
        <message>
            <location filename="../../ui/presentations.py" />
            <source>True size rests on what the system says of this screen; it is not calibrated.</source>
            <translation>Die wahre Größe beruht auf dem, was das System über diesen Bildschirm sagt; sie ist nicht kalibriert.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <source>Try again now</source>
            <translation>Jetzt erneut versuchen</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Try again to store the signed report in the PACS</source>
            <translation>Erneut versuchen, den unterschriebenen Bericht im PACS zu speichern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Turn left</source>
            <translation>Nach links drehen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Turn right</source>
            <translation>Nach rechts drehen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>Turned {degrees}°</source>
            <translation>Gedreht um {degrees}°</translation>
        </message>
        <message>
            <location filename="../../ui/actions.py" />
            <source>Two actions are called {name}; the second is left out.</source>
            <translation>Zwei Aktionen heißen {name}; die zweite bleibt weg.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Two axes</source>
            <translation>Zwei Achsen</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_list.py" />
            <source>Type a name, an ID or an accession number, and press Enter.</source>
            <translation>Einen Namen, eine ID oder eine Anforderungsnummer eingeben und Eingabe drücken.</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <source>Type the code in the report, then Tab or a space. [size] is a place that Tab leads to, {StudyDate} a value of the image, {macro:code} another macro.</source>
            <translation>Im Befund das Kürzel tippen, dann Tab oder Leertaste. [Größe] ist eine Stelle, zu der Tab führt, {StudyDate} ein Wert des Bildes, {macro:kürzel} ein anderer Baustein.</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Type your credential.</source>
            <translation>Das Passwort eingeben.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <source>Undo mark</source>
            <translation>Markierung zurücknehmen</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>Use</source>
            <translation>Benutzen</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>Use these models from now on (Enter)</source>
            <translation>Von jetzt an diese Modelle benutzen (Eingabe)</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>User</source>
            <translation>Benutzer</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Verified by</source>
            <translation>Verifiziert von</translation>
        </message>
        <message>
            <location filename="../../ui/toolbar.py" />
            <source>View</source>
            <translation>Ansicht</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Viewer</source>
            <translation>Betrachter</translation>
        </message>
        <message>
            <location filename="../../ui/acknowledgement.py" />
            <source>Wetread is for research only. It is not a medical device, and nothing that it shows or writes may be used for diagnosis or treatment. Its model has seen few films and errs.</source>
            <translation>Wetread dient nur der Forschung. Es ist kein Medizinprodukt, und nichts, was es zeigt oder schreibt, darf zur Diagnose oder Behandlung benutzt werden. Sein Modell hat wenige Aufnahmen gesehen und irrt.</translation>
        </message>
        <message>
            <location filename="../../ui/film_window.py" />
            <source>Wetread, films</source>
            <translation>Wetread, Aufnahmen</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>What all loaded models may take together</source>
            <translation>Was alle geladenen Modelle zusammen belegen dürfen</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>What became of suggestions</source>
            <translation>Was aus Vorschlägen wurde</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>What is asked, with the pixels of the image or box, is sent to {names}.</source>
            <translation>Was gefragt wird, geht mit den Pixeln des Bildes oder Ausschnitts an {names}.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>What it does</source>
            <translation>Was sie tut</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>What it measured was deleted; the words are the last ones.</source>
            <translation>Die Messung wurde gelöscht; der Wortlaut ist der letzte.</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>What it was compared with</source>
            <translation>Womit verglichen wurde</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>What the gesture does</source>
            <translation>Was die Geste tut</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>What the model gets</source>
            <translation>Was das Modell bekommt</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>What the model gets: {columns} × {rows} pixels{squeezed}</source>
            <translation>Was das Modell bekommt: {columns} × {rows} Pixel{squeezed}</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>What the report says</source>
            <translation>Was der Befund sagt</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>What to ask</source>
            <translation>Was gefragt wird</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>What to ask: a question, or another task of the model</source>
            <translation>Was gefragt wird: eine Frage, oder eine andere Aufgabe des Modells</translation>
        </message>
        <message>
            <location filename="../../ui/report/following.py" />
            <source>What was signed stays as it is. Write what is to be added.</source>
            <translation>Was signiert ist, bleibt, wie es ist. Schreiben, was nachzutragen ist.</translation>
        </message>
        <message>
            <location filename="../../ui/report/doubts.py" />
            <source>What “{words}” stood for was deleted. Change the sentence, or sign again to keep the words.</source>
            <translation>Wofür „{words}“ stand, wurde gelöscht. Den Satz ändern oder nochmals unterschreiben, um den Wortlaut zu behalten.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Where</source>
            <translation>Wo</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>Why the film was taken</source>
            <translation>Warum aufgenommen wurde</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Width</source>
            <translation>Breite</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/window_page.py" />
            <location filename="../../ui/toolbar.py" />
            <source>Window</source>
            <translation>Fenster</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Window {number}</source>
            <translation>Fenster {number}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Window/level</source>
            <translation>Fensterung</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>Window/level the other way round: left widens, down lowers the centre</source>
            <translation>Fensterung andersherum: nach links wird breiter, nach unten senkt die Mitte</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/viewer_page.py" />
            <source>Windows of your own</source>
            <translation>Eigene Fenster</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>With the texts in the corners</source>
            <translation>Mit den Texten in den Ecken</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>Without a menu</source>
            <translation>Ohne Menü</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <source>Words</source>
            <translation>Wortlaut</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_actions.py" />
            <location filename="../../ui/viewport/mark_editor.py" />
            <source>Words beside the mark</source>
            <translation>Worte neben der Markierung</translation>
        </message>
        <message>
            <location filename="../../ui/report/monitor_window.py" />
            <source>Words changed</source>
            <translation>Geänderte Wörter</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>Wrist</source>
            <translation>Handgelenk</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>Write a finding</source>
            <translation>Einen Befund schreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>Write a sentence of your own; Enter puts it in the report</source>
            <translation>Einen eigenen Satz schreiben; Eingabe stellt ihn in den Bericht</translation>
        </message>
        <message>
            <location filename="../../ui/report/following.py" />
            <source>Write an addendum</source>
            <translation>Nachtrag schreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>Write the impression</source>
            <translation>Die Beurteilung schreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Write the organisation that you sign for.</source>
            <translation>Die Einrichtung angeben, für die unterschrieben wird.</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>Write what is to be added</source>
            <translation>Was nachzutragen ist</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Write your name as Family, Given.</source>
            <translation>Den Namen als Nachname, Vorname schreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>Written</source>
            <translation>Geschrieben</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>Written by you.</source>
            <translation>Selbst geschrieben.</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>YOU</source>
            <translation>ICH</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_dialog.py" />
            <source>Your credential confirms that you have read the film and the report.</source>
            <translation>Das Passwort bestätigt, dass Aufnahme und Bericht gelesen wurden.</translation>
        </message>
        <message>
            <location filename="../../ui/acknowledgement.py" />
            <source>Your name</source>
            <translation>Name</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Zoom</source>
            <translation>Zoom</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>Zoom about the fingers</source>
            <translation>Um die Finger vergrößern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>Zoom {zoom}</source>
            <translation>Zoom {zoom}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>a set</source>
            <translation>ein Datensatz</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>about {size} of memory in fp32</source>
            <translation>etwa {size} Speicher in fp32</translation>
        </message>
        <message>
            <location filename="../../ui/report/sentence_row.py" />
            <source>accept</source>
            <translation>annehmen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>accepted</source>
            <translation>angenommen</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>addendum, unsigned</source>
            <translation>Nachtrag, unsigniert</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>angiogram</source>
            <translation>Angiogramm</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>angle</source>
            <translation>Winkel</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>answers</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>answers from {names}</source>
            <translation>Antworten von {names}</translation>
        </message>
        <message>
            <location filename="../../ui/report/macros_dialog.py" />
            <source>any language</source>
            <translation>jede Sprache</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>arrow</source>
            <translation>Pfeil</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>as beside</source>
            <translation>wie daneben</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/reformatting.py" />
            <source>as in the series</source>
            <translation>wie in der Serie</translation>
        </message>
        <message>
            <location filename="../../plugin/answer.py" />
            <source>asked: this place in the whole image</source>
            <translation>gefragt: diese Stelle im ganzen Bild</translation>
        </message>
        <message>
            <location filename="../../plugin/answer.py" />
            <source>asked: {side} × {side} of this crop</source>
            <translation>gefragt: {side} × {side} aus diesem Ausschnitt</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>at detector</source>
            <translation>am Detektor</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>at scanner</source>
            <translation>am Scanner</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>automatic</source>
            <translation>automatisch</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>back button drag</source>
            <translation>Ziehen mit der Zurück-Taste</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>below a million weights</source>
            <translation>unter einer Million Gewichte</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>bidirectional</source>
            <translation>zwei Achsen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>born {date}</source>
            <translation>geb. {date}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>born {date} · sex {sex}</source>
            <translation>geb. {date} · Geschlecht {sex}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>both sides</source>
            <translation>beidseits</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>box for a question</source>
            <translation>Ausschnitt für eine Frage</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>by an unknown ratio</source>
            <translation>in unbekanntem Verhältnis</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>by hand</source>
            <translation>von Hand</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>calibrated</source>
            <translation>kalibriert</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>caution: {doubt}</source>
            <translation>Vorsicht: {doubt}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>column {column}, row {row}</source>
            <translation>Spalte {column}, Zeile {row}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>come from a server on this computer, {address}</source>
            <translation>kommen von einem Server auf diesem Rechner, {address}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>come from {host}: images leave this computer</source>
            <translation>kommen von {host}: Bilder verlassen diesen Rechner</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>crosshair</source>
            <translation>Fadenkreuz</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>cut off</source>
            <translation>abgeschnitten</translation>
        </message>
        <message>
            <location filename="../../ui/status.py" />
            <source>display not calibrated</source>
            <translation>Anzeige nicht kalibriert</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>double click</source>
            <translation>Doppelklick</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <location filename="../../ui/session.py" />
            <source>draft</source>
            <translation>Entwurf</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>draft, unsigned</source>
            <translation>Entwurf, nicht unterschrieben</translation>
        </message>
        <message>
            <location filename="../../ui/report/sentence_row.py" />
            <source>edit</source>
            <translation>bearbeiten</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>edited</source>
            <translation>bearbeitet</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>ellipse</source>
            <translation>Ellipse</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>estimated</source>
            <translation>geschätzt</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <location filename="../../plugin/_choosing.py" />
            <source>failed</source>
            <translation>nicht bestanden</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>file</source>
            <translation>Datei</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/presets.py" />
            <source>file: {name}</source>
            <translation>Datei: {name}</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>fluoroscopy</source>
            <translation>Durchleuchtung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>forward button drag</source>
            <translation>Ziehen mit der Vorwärts-Taste</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>freehand region</source>
            <translation>Freihandregion</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>from {low} to {high} {unit}</source>
            <translation>von {low} bis {high} {unit}</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>here</source>
            <translation>hier</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>in PACS</source>
            <translation>im PACS</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>in the film</source>
            <translation>im Bild</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>in the report</source>
            <translation>im Bericht</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <location filename="../../ui/worklist/study_rows.py" />
            <source>in {source}</source>
            <translation>in {source}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>left</source>
            <translation>links</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>left drag</source>
            <translation>links ziehen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>length</source>
            <translation>Länge</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>likely</source>
            <translation>wahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/linked_view.py" />
            <source>linked</source>
            <translation>verknüpft</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>magnifying glass</source>
            <translation>Lupe</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>mammogram</source>
            <translation>Mammogramm</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>mean {mean}, SD {sd} {unit}</source>
            <translation>Mittel {mean}, SD {sd} {unit}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>middle drag</source>
            <translation>mit der mittleren Taste ziehen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>names an organ of the other sex</source>
            <translation>nennt ein Organ des anderen Geschlechts</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>names the other side than the image</source>
            <translation>nennt die andere Seite als das Bild</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>no PACS set up</source>
            <translation>kein PACS eingerichtet</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>no description</source>
            <translation>ohne Beschreibung</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>no model</source>
            <translation>kein Modell</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>no pixel inside</source>
            <translation>kein Pixel darin</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>no scale: pixel spacing unknown</source>
            <translation>kein Maßstab: Pixelabstand unbekannt</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>no value</source>
            <translation>kein Wert</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>nobody has measured this</source>
            <translation>das hat niemand gemessen</translation>
        </message>
        <message>
            <location filename="../../ui/connection_dialog.py" />
            <source>none</source>
            <translation>keiner</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>not calibrated</source>
            <translation>nicht kalibriert</translation>
        </message>
        <message>
            <location filename="../../plugin/_shown.py" />
            <source>not measured</source>
            <translation>nicht gemessen</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>not stored, waiting</source>
            <translation>nicht gespeichert, wartet</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <location filename="../../ui/session.py" />
            <source>not stored, {count} waiting</source>
            <translation>nicht gespeichert, {count} warten</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>not verified</source>
            <translation>nicht verifiziert</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_rows.py" />
            <source>on this disk</source>
            <translation>auf diesem Rechner</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>other character set?</source>
            <translation>anderer Zeichensatz?</translation>
        </message>
        <message>
            <location filename="../../ui/state_files.py" />
            <source>ours</source>
            <translation>unsere</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>pan</source>
            <translation>verschieben</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>pane {number}</source>
            <translation>Bildfeld {number}</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>panes {numbers}</source>
            <translation>Bildfelder {numbers}</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>passed</source>
            <translation>bestanden</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>plug-in {names} left out</source>
            <translation>Erweiterung {names} bleibt weg</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>preliminary</source>
            <translation>vorläufig</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>preliminary, not stored, waiting</source>
            <translation>vorläufig, nicht gespeichert, wartet</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>preliminary, unsigned</source>
            <translation>vorläufig, nicht unterschrieben</translation>
        </message>
        <message>
            <location filename="../../ui/presentations.py" />
            <source>presentation state</source>
            <translation>Darstellungszustand</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>probe</source>
            <translation>Messpunkt</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <source>queued</source>
            <translation>wartet</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>radiograph</source>
            <translation>Röntgenaufnahme</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>rather likely</source>
            <translation>eher wahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>rather unlikely</source>
            <translation>eher unwahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <location filename="../../ui/report/sentence_row.py" />
            <source>reject</source>
            <translation>verwerfen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>rejected</source>
            <translation>verworfen</translation>
        </message>
        <message>
            <location filename="../../ui/report/sentence_row.py" />
            <source>remove</source>
            <translation>entfernen</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>reports</source>
            <translation>Berichte</translation>
        </message>
        <message>
            <location filename="../../ui/report/sentence_row.py" />
            <source>restore</source>
            <translation>wiederherstellen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>right</source>
            <translation>rechts</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>right click</source>
            <translation>Rechtsklick</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>right drag</source>
            <translation>rechts ziehen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>round</source>
            <translation>im Kreis</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>same on noise</source>
            <translation>gleich auf Rauschen</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/comparing.py" />
            <source>same part of the body</source>
            <translation>gleiche Körperregion</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>scintigram</source>
            <translation>Szintigramm</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>scroll</source>
            <translation>blättern</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <source>sent</source>
            <translation>gesendet</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>sex {sex}</source>
            <translation>Geschlecht {sex}</translation>
        </message>
        <message>
            <location filename="../../ui/hanging/hanging.py" />
            <source>shown</source>
            <translation>gezeigt</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>signed</source>
            <translation>unterschrieben</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>signed, being stored</source>
            <translation>unterschrieben, wird gespeichert</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>summaries</source>
            <translation>Zusammenfassungen</translation>
        </message>
        <message>
            <location filename="../../ui/report/page_window.py" />
            <source>superseded</source>
            <translation>ersetzt</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>text</source>
            <translation>Text</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>the closed question says otherwise</source>
            <translation>die geschlossene Frage sagt anderes</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>the end of the text was not read</source>
            <translation>das Ende des Textes wurde nicht gelesen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>the file does not say what it shows</source>
            <translation>die Datei sagt nicht, was sie zeigt</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>the findings say otherwise</source>
            <translation>der Befund sagt etwas anderes</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>the model knows little beyond chest films</source>
            <translation>das Modell weiß wenig außer über Thoraxaufnahmen</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>the picture itself may show a name</source>
            <translation>das Bild selbst kann einen Namen zeigen</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>there is no such level</source>
            <translation>diese Höhe gibt es nicht</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/cine.py" />
            <source>to and fro</source>
            <translation>hin und her</translation>
        </message>
        <message>
            <location filename="../../ui/keys_dialog.py" />
            <source>two fingers apart</source>
            <translation>zwei Finger auseinander</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>ultrasound</source>
            <translation>Ultraschall</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>uncertain</source>
            <translation>ungewiss</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>unlikely</source>
            <translation>unwahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>unpaired</source>
            <translation>ungepaart</translation>
        </message>
        <message>
            <location filename="../../ui/report/outbox_badge.py" />
            <location filename="../../ui/report/page_window.py" />
            <source>verified</source>
            <translation>geprüft</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>very likely</source>
            <translation>sehr wahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/report/words.py" />
            <source>very unlikely</source>
            <translation>sehr unwahrscheinlich</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>wheel</source>
            <translation>Mausrad</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>window/level</source>
            <translation>Fensterung</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/gesture_words.py" />
            <source>zoom</source>
            <translation>Zoom</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>{action} has the key {key} now.</source>
            <translation>{action} hat jetzt die Taste {key}.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/captions.py" />
            <source>{columns} × {rows} · {bits} bit</source>
            <translation>{columns} × {rows} · {bits} Bit</translation>
        </message>
        <message>
            <location filename="../../plugin/_ask_box.py" />
            <source>{count} codes</source>
            <translation>{count} Codes</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>{count} images</source>
            <translation>{count} Bilder</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>{count} images back</source>
            <translation>{count} Bilder zurück</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/pane_actions.py" />
            <source>{count} images on</source>
            <translation>{count} Bilder weiter</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>{count} key images</source>
            <translation>{count} Schlüsselbilder</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>{count} million weights</source>
            <translation>{count} Millionen Gewichte</translation>
        </message>
        <message>
            <location filename="../../ui/reading.py" />
            <source>{count} more objects could not be shown.</source>
            <translation>{count} weitere Objekte konnten nicht gezeigt werden.</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>{count} objects beside it are not stored yet.</source>
            <translation>{count} Objekte daneben sind noch nicht gespeichert.</translation>
        </message>
        <message>
            <location filename="../../ui/exporting.py" />
            <source>{count} objects were left out.</source>
            <translation>{count} Objekte wurden weggelassen.</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/study_rows.py" />
            <source>{count} objects, {place}</source>
            <translation>{count} Objekte, {place}</translation>
        </message>
        <message>
            <location filename="../../ui/window.py" />
            <source>{count} of {total} objects here</source>
            <translation>{count} von {total} Objekten hier</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/mark_words.py" />
            <source>{count} pixels</source>
            <translation>{count} Pixel</translation>
        </message>
        <message>
            <location filename="../../ui/report/sign_flow.py" />
            <source>{count} sentences are left to decide. Accept, edit or reject each, then sign.</source>
            <translation>{count} Sätze sind noch zu entscheiden. Jeden annehmen, ändern oder verwerfen, dann unterschreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/report/report_panel.py" />
            <source>{count} sentences left to decide</source>
            <translation>{count} Sätze noch zu entscheiden</translation>
        </message>
        <message>
            <location filename="../../ui/export_dialog.py" />
            <source>{done} of {total}</source>
            <translation>{done} von {total}</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/banner.py" />
            <source>{id}, issued by {issuer}</source>
            <translation>{id}, vergeben von {issuer}</translation>
        </message>
        <message>
            <location filename="../../ui/worklist/thumbnails.py" />
            <source>{images} in PACS</source>
            <translation>{images} im PACS</translation>
        </message>
        <message>
            <location filename="../../ui/actions.py" />
            <source>{key} already belongs to {holder}; {action} does without it.</source>
            <translation>{key} gehört schon zu {holder}; {action} kommt ohne aus.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/keys_page.py" />
            <source>{key} belongs to {names}.</source>
            <translation>{key} gehört zu {names}.</translation>
        </message>
        <message>
            <location filename="../../ui/actions.py" />
            <source>{key} is no key; {action} is in the menu only.</source>
            <translation>{key} ist keine Taste; {action} steht nur im Menü.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/corners.py" />
            <source>{kvp} kVp · {mas} mAs</source>
            <translation>{kvp} kVp · {mas} mAs</translation>
        </message>
        <message>
            <location filename="../../plugin/_models_dialog.py" />
            <source>{model}  (has no task of these)</source>
            <translation>{model}  (hat keine solche Aufgabe)</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>{model} has no task of {role}: those are refused.</source>
            <translation>{model} hat keine Aufgabe für {role}: diese werden abgelehnt.</translation>
        </message>
        <message>
            <location filename="../../plugin/_choosing.py" />
            <source>{model} takes about {size}, more than all models may together.</source>
            <translation>{model} braucht etwa {size}, mehr als alle Modelle zusammen dürfen.</translation>
        </message>
        <message>
            <location filename="../../ui/app.py" />
            <source>{name} does not answer</source>
            <translation>{name} antwortet nicht</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/menu.py" />
            <source>{name} · {numbers}</source>
            <translation>{name} · {numbers}</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>{node} changed {attributes} and nothing else.</source>
            <translation>{node} hat {attributes} geändert und sonst nichts.</translation>
        </message>
        <message>
            <location filename="../../ui/session.py" />
            <source>{node} gave back the same report.</source>
            <translation>{node} hat denselben Bericht zurückgegeben.</translation>
        </message>
        <message>
            <location filename="../../ui/wording.py" />
            <source>{part} {kind}</source>
            <translation>{kind} {part}</translation>
        </message>
        <message>
            <location filename="../../ui/report/doubts.py" />
            <source>{place} is not filled in. Fill it in, or sign again.</source>
            <translation>{place} ist nicht ausgefüllt. Ausfüllen oder nochmals unterschreiben.</translation>
        </message>
        <message>
            <location filename="../../ui/viewport/layout_picker.py" />
            <source>{rows} rows, {columns} columns</source>
            <translation>{rows} Zeilen, {columns} Spalten</translation>
        </message>
        <message>
            <location filename="../../ui/reading.py" />
            <source>{second} has the same SOP Instance UID as {first}, but is another file; only the first is shown. Ask the sender which of the two is right.</source>
            <translation>{second} hat dieselbe SOP Instance UID wie {first}, ist aber eine andere Datei; nur die erste wird gezeigt. Den Absender fragen, welche stimmt.</translation>
        </message>
        <message>
            <location filename="../../ui/report/section_box.py" />
            <source>{section}: write a sentence</source>
            <translation>{section}: einen Satz schreiben</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <source>“{label}” takes a number from {low} to {high}.</source>
            <translation>„{label}“ ist eine Zahl von {low} bis {high}.</translation>
        </message>
        <message>
            <location filename="../../ui/report/template_form.py" />
            <source>“{label}” takes a number.</source>
            <translation>„{label}“ ist eine Zahl.</translation>
        </message>
        <message>
            <location filename="../../ui/settings_pages/mouse_page.py" />
            <source>“–” is the same gesture with fewer keys held; with Ctrl it is faster.</source>
            <translation>„–“ ist dieselbe Geste mit weniger gehaltenen Tasten; mit Strg ist sie schneller.</translation>
        </message>
    </context>
</TS>
