# SPDX-License-Identifier: BSD-2-Clause
# Completion for bash. What there is to choose from is what `bridlectl --help` says.

_bridlectl()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} w command=
    local commands options
    commands=$(bridlectl --help 2>/dev/null | awk '/^  [a-z]/ { print $1 }')
    options=$(bridlectl --help 2>/dev/null | grep -oE '(^| )--?[a-zA-Z][a-z-]*' | tr -d ' ')
    COMPREPLY=()
    case $before in
    --format)
        COMPREPLY=($(compgen -W "$(bridlectl export 2>&1 | sed -n 's/.*formats are: //p' | tr -d ,)" -- "$word"))
        return
        ;;
    -s | -R | -o | -c | --socket | --rules | --output | --config)
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$word"))
        return
        ;;
    esac
    for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ " ${commands//$'\n'/ } " == *" $w "* ]] && command=$w
    done
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "$commands" -- "$word"))
    elif [[ $command == check || $command == compile ]]; then
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}

complete -F _bridlectl bridlectl
