# SPDX-License-Identifier: BSD-2-Clause
# Completion for fish. What there is to choose from is what `bridlectl --help` says.

function __bridlectl_commands
    bridlectl --help 2>/dev/null | string match --regex --groups-only '^  ([a-z]+)'
end

function __bridlectl_formats
    bridlectl export 2>&1 | string match --regex --groups-only 'formats are: (.*)' | string split ', '
end

complete --command bridlectl --no-files
complete --command bridlectl --condition "not __fish_seen_subcommand_from (__bridlectl_commands)" \
    --arguments "(__bridlectl_commands)"
complete --command bridlectl --condition "__fish_seen_subcommand_from check compile" --force-files
complete --command bridlectl --short-option s --long-option socket --require-parameter --force-files
complete --command bridlectl --short-option R --long-option rules --require-parameter --force-files
complete --command bridlectl --short-option o --long-option output --require-parameter --force-files
complete --command bridlectl --short-option c --long-option config --require-parameter --force-files
complete --command bridlectl --long-option format --exclusive --arguments "(__bridlectl_formats)"
complete --command bridlectl --long-option json
complete --command bridlectl --long-option take-shrunk
complete --command bridlectl --short-option v --long-option verbose
