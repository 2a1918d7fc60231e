# Names of the configuration file, and what targets begin with.
(( $+functions[_msm_profiles] )) ||
_msm_profiles() {
    local -a names
    names=(${(f)"$(msm completions --names profiles 2>/dev/null)"})
    compadd -a names
}
(( $+functions[_msm_targets] )) ||
_msm_targets() {
    local -a names schemes
    names=(${(f)"$(msm completions --names targets 2>/dev/null)"})
    schemes=(${(M)names:#*:})
    names=(${names:#*:})
    compadd -S '' -a schemes
    compadd -a names
}
(( $+functions[_msm_of] )) ||
_msm_of() {
    [[ -n ${words[(r)members]} ]] && _msm_targets
}

