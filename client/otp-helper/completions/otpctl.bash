# Completion of otpctl for bash; made by `otpctl completions bash`.

# Offers the lines of standard input that start with the word being typed, in any case.
_otpctl_lines() {
    local line typed=${cur//\\/} quoted
    typed=${typed#[\"\']}
    while IFS= read -r line; do
        if [[ ${line,,} == "${typed,,}"* ]]; then
            printf -v quoted %q "$line"
            COMPREPLY+=("$quoted")
        fi
    done
    # Readline starts a new word at a colon, and wants only what follows it.
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local before=${cur%"${cur##*:}"} index
        for index in "${!COMPREPLY[@]}"; do
            COMPREPLY[index]=${COMPREPLY[index]#"$before"}
        done
    fi
}

# Completing must neither start an agent nor ask for anything.
_otpctl_quiet() { command otpctl --no-start --no-prompt "$@" 2>/dev/null; }
_otpctl_entries() { _otpctl_lines < <(_otpctl_quiet list --names); }
_otpctl_trash() { _otpctl_lines < <(_otpctl_quiet list --trash | awk '{ print $1 }'); }
_otpctl_backups() {
    _otpctl_lines < <(echo last; _otpctl_quiet backups list | awk '{ print $1 }')
}
_otpctl_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_otpctl_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_otpctl() {
    local cur prev verb='' flags='@globals@' index
    COMPREPLY=()
    # The words as they were typed, with the colons that readline splits at put back.
    local words=() glue=''
    for ((index = 1; index <= COMP_CWORD; index++)); do
        if [[ ${COMP_WORDS[index]} == : || $glue ]] && ((${#words[@]})) &&
            [[ $COMP_WORDBREAKS == *:* ]]; then
            words[-1]+=${COMP_WORDS[index]}
            glue=
            [[ ${COMP_WORDS[index]} == : ]] && glue=1
        else
            words+=("${COMP_WORDS[index]}")
        fi
    done
    cur=${words[-1]-}
    prev=
    ((${#words[@]} > 1)) && prev=${words[-2]}
    for ((index = 0; index < ${#words[@]} - 1; index++)); do
        case ${words[index]} in
        --passphrase-fd) ((index++)) ;;
        -*) ;;
        *)
            verb=${words[index]}
            break
            ;;
        esac
    done
    case $verb:$prev in
        @values@
    esac
    case $verb in
        @flags@
    esac
    if [[ $cur == -* ]]; then
        _otpctl_words "$flags"
    elif [[ ! $verb ]]; then
        _otpctl_words '@verbs@'
    else
        case $verb in
        @arguments@
        esac
    fi
}
complete -F _otpctl otpctl
