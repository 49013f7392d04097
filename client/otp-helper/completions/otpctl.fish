# Completion of otpctl for fish; made by `otpctl completions fish`.

# Completing must neither start an agent nor ask for anything.
function __otpctl_entries
    otpctl --no-start --no-prompt list --names 2>/dev/null
end
function __otpctl_trash
    otpctl --no-start --no-prompt list --trash 2>/dev/null | string replace -r '\s.*' ''
end
function __otpctl_backups
    echo last
    otpctl --no-start --no-prompt backups list 2>/dev/null | string replace -r '\s.*' ''
end

complete -c otpctl -f
@lines@
