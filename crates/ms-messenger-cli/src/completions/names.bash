
# Names of the configuration file, and what targets begin with.
_msm_with_names() {
    local line="${COMP_LINE:0:COMP_POINT}" last before kind="" name begin
    local -a words
    last="${line##*[[:space:]]}"
    read -r -a words <<< "${line%"${last}"}"
    before="${words[${#words[@]}-1]}"
    if [[ "${last}" == --*=* ]]; then
        before="${last%%=*}"
        last="${last#*=}"
    fi
    case "${before}" in
        --profile) kind="profiles" ;;
        --to|--fallback) kind="targets" ;;
    esac
    if [[ -z "${kind}" && "${last}" != -* ]]; then
        case "${#words[@]} ${words[*]:1:2}" in
            "2 read"|"2 show"|"2 reply"|"2 edit"|"2 delete"|"3 react "*|"3 list members") kind="targets" ;;
        esac
    fi
    if [[ -z "${kind}" ]]; then
        _msm "$@"
        return
    fi
    # Readline completes what follows the last of these characters.
    begin="${last%"${last##*[:=]}"}"
    if [[ "${COMP_WORDBREAKS}" != *:* ]]; then
        begin=""
    fi
    COMPREPLY=()
    while IFS= read -r name; do
        if [[ "${name}" == "${last}"?* ]]; then
            COMPREPLY+=("${name#"${begin}"}")
        fi
    done < <(msm completions --names "${kind}" 2>/dev/null)
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        # No files, where nothing else is known.
        compopt +o bashdefault +o default
        if [[ "${COMPREPLY[*]}" == *: ]]; then
            compopt -o nospace
        fi
    fi
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _msm_with_names -o nosort -o bashdefault -o default msm
else
    complete -F _msm_with_names -o bashdefault -o default msm
fi
