
# What the generated completions leave out: values of options, files, and names of the configuration file.
var msm-options~ = $edit:completion:arg-completer[msm]
set edit:completion:arg-completer[msm] = {|@words|
    fn names {|kind|
        var suffixes = [&$true='' &$false=' ']
        try {
            e:msm completions --names $kind 2>/dev/null | from-lines | each {|name|
                edit:complex-candidate $name &code-suffix=$suffixes[(str:has-suffix $name ':')]
            }
        } catch { nop }
    }
    var before = $words[-2]
    var line = (str:join ' ' $words[1..-1])
    # The words of the command, then the option before the cursor.
    var places = [$before $line]
    if (str:has-prefix $before '-') {
        set places = [$before $words[1]' '$before $words[1]' '$words[2]' '$before]
    } elif (str:has-prefix $words[-1] '-') {
        set places = []
    }
    for place $places {
        if (has-key $msm-names $place) {
            names $msm-names[$place]
            return
        } elif (has-key $msm-values $place) {
            all $msm-values[$place]
            return
        } elif (has-value $msm-files $place) {
            edit:complete-filename $@words
            return
        }
    }
    msm-options $@words
}
