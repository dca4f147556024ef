#!/usr/bin/env bash
# The demo: a real Kubernetes API, the operator under the chart's own rights, and an AWS that lives on this machine.
# `make demo` builds what it needs. With DEMO=once, or without a terminal, it cleans up and ends by itself.
set -Eeuo pipefail
cd "$(dirname "$0")/../.."

readonly rate=10      # virtual AWS seconds a real second
readonly patience=120 # seconds until what must happen counts as not happening
readonly image=public.ecr.aws/nginx/nginx
readonly service=ecsservice/web

dir=$(mktemp -d "${TMPDIR:-/tmp}/ecs-operator-demo.XXXXXX")
pids=() # what this script started, in order
readonly built=${CARGO_TARGET_DIR:-target}/debug
export KUBECONFIG=$dir/control-plane/kubeconfig PATH=$PWD/.cache/bin:$PATH
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

# --- words

title() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }
say() { printf '  %s\n' "$*"; }
indented() { sed 's/^\(.\)/  \1/'; }
fail() {
    trap - ERR
    printf '\nThe demo failed: %s\nLogs: %s\n' "$*" "$dir" >&2
    keep=1
    exit 1
}

# --- processes: each ends with this script, even if the script is killed

running() { kill -0 "$1" 2>/dev/null; }
stop() {
    local pid
    trap '' INT TERM HUP
    exec 9>&- # the operator's leash
    for pid in "${pids[@]:+${pids[@]}}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]:+${pids[@]}}"; do
        while running "$pid"; do sleep 0.05; done
    done
    [ -n "${keep:-}" ] || rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP
trap '[ $BASH_SUBSHELL -gt 0 ] || fail "line $LINENO: $BASH_COMMAND"' ERR

start() { # NAME COMMAND...: in the background, until this script ends; returns once it has said "ready"
    local name=$1 deadline=$((SECONDS + patience))
    shift
    "$@" --until-exit-of $$ </dev/null >"$dir/$name.out" 2>"$dir/$name.err" &
    pids+=($!)
    until grep -q ^ready "$dir/$name.out"; do
        running "${pids[-1]}" || fail "the $name did not start: $(tail -n 3 "$dir/$name.err")"
        [ $SECONDS -lt $deadline ] || fail "the $name is not ready after $patience s"
        sleep 0.05
    done
}
start_operator() { # it ends when this script's end of a pipe closes
    exec 9> >(
        env -i KUBECONFIG="$dir/operator.kubeconfig" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
            "$built/ecs-operator" run --endpoint-url "$aws" --allow-insecure-endpoint --region us-east-1 \
            --poll-period 500ms --listen 127.0.0.1:0 --log-format text >"$dir/operator.log" 2>&1 &
        echo $! >"$dir/operator.pid"
        cat >/dev/null
        kill $! 2>/dev/null || true
    )
    until [ -s "$dir/operator.pid" ]; do sleep 0.01; done
    pids+=("$(cat "$dir/operator.pid")")
}

# --- AWS: the simulator's levers, over bash's own TCP

levers() { # METHOD PATH [BODY]
    local at=${aws#http://} body=${3:-}
    exec 8<>"/dev/tcp/${at%:*}/${at#*:}"
    printf '%s /_control/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "$at" "${#body}" "$body" >&8
    sed '1,/^\r$/d' <&8
    exec 8>&-
}
ask() { # SERVICE OPERATION INPUT: what AWS answers a person with all rights, as compact JSON
    levers POST api "{\"service\": \"$1\", \"operation\": \"$2\", \"input\": $3}"
}
calls() { levers GET journal | wc -l; }
changes() { # FROM: the operator's calls that change AWS, since that one
    levers GET "journal?from=$1" | grep '"access_key":"test"' | grep '"mutating":true' |
        sed 's/.*"operation":"\([A-Za-z]*\)".*/\1/' | awk '
            !($0 in count) { order[n++] = $0 }
            { count[$0]++ }
            END { for (i = 0; i < n; i++) printf "%s%d %s", (i ? ", " : ""), count[order[i]], order[i] }'
}

# --- Kubernetes

apply_image() { # TAG: a change of the image, as a person would make it
    say "\$ sed s/:1.27/:$1/ examples/quickstart/task-definition.yaml | kubectl apply -f -"
    sed "s/:1.27/:$1/" examples/quickstart/task-definition.yaml | kubectl apply -f - | indented
}
# until_service CONDITION REVISION: prints what the service's Ready condition says whenever it says something else, until
# the condition is True for the revision.
last=''
until_service() {
    local path='{.metadata.generation}|{.status.observedGeneration}|{.status.rollout.taskDefinition}'
    path+='|{.status.conditions[?(@.type=="'$1'")].status}|{.status.conditions[?(@.type=="Ready")].message}{"\n"}'
    local generation observed revision status message begin=$SECONDS watch rc line='' part
    mkfifo "$dir/watch"
    kubectl get $service --watch -o jsonpath="$path" >"$dir/watch" 2>"$dir/watch.err" 9>&- &
    watch=$!
    exec 7<"$dir/watch"
    rm "$dir/watch"
    while true; do
        rc=0
        IFS= read -r -t 1 -u 7 part || rc=$?
        line+=$part
        running "${pids[-1]}" || fail "the operator ended: $(tail -n 3 "$dir/operator.log")"
        [ $((SECONDS - begin)) -lt $patience ] || fail "the service is not $1 after $patience s; it says: $last"
        [ $rc -le 128 ] || continue # a quiet second, or one that ended in the middle of a line
        [ $rc -eq 0 ] || fail "kubectl ended: $(tail -n 3 "$dir/watch.err")"
        IFS='|' read -r generation observed revision status message <<<"$line"
        line=''
        if [ -n "$message" ] && [ "$message" != "$last" ]; then
            printf '  %3d s  %s\n' $((SECONDS - begin)) "$message"
            last=$message
        fi
        [ "$status" = True ] && [ "$generation" = "$observed" ] && [ "${revision##*:}" = "$2" ] && break
    done
    exec 7<&-
    kill $watch 2>/dev/null || true
    wait $watch 2>/dev/null || true
}

# --- the demo

[ -t 0 ] && [ -t 1 ] || DEMO=once

title "Starting Kubernetes (API server, etcd, controllers), an AWS simulator and the operator on this machine"
start control-plane control-plane up --keep --dir "$dir/control-plane"
start simulator "$built/simulator" --rate $rate --with-load-balancer
aws=$(sed -n 's/^ready //p' "$dir/simulator.out")
listener=$(sed -n 's/^listener //p' "$dir/simulator.out")
grep -q "$listener" examples/quickstart/service.yaml ||
    fail "the listener of examples/quickstart/service.yaml is not the simulator's, $listener"

helm template ecs-operator charts/ecs-operator --namespace ecs-operator \
    -s templates/crds.yaml -s templates/serviceaccount.yaml -s templates/rbac.yaml >"$dir/chart.yaml"
kubectl create namespace ecs-operator >/dev/null
kubectl apply -f "$dir/chart.yaml" >/dev/null
kubectl wait --for=condition=Established crd --all >/dev/null
kubectl create namespace shop >/dev/null
kubectl config set-context --current --namespace=shop >/dev/null

# The operator has the chart's rights, no more.
cat >"$dir/operator.kubeconfig" <<END
apiVersion: v1
kind: Config
current-context: operator
contexts: [{name: operator, context: {cluster: demo, user: operator}}]
clusters: [{name: demo, cluster: $(kubectl config view --raw -o jsonpath='{.clusters[0].cluster}')}]
users: [{name: operator, user: {token: $(kubectl create token ecs-operator -n ecs-operator --duration=24h)}}]
END
start_operator
say "Kubernetes is real, without nodes. AWS is a simulator; its clock runs $rate times as fast as yours."

title "A cluster, a task definition and a service behind a load balancer"
say '$ kubectl apply -f examples/quickstart'
kubectl apply -f examples/quickstart | indented
until_service Ready 1
printf '\n'
say '$ kubectl get ecs'
kubectl get ecs | indented
printf '\n'
say "Calls that changed AWS: $(changes 1)"

title "A new image"
from=$(($(calls) + 1))
apply_image 1.28
until_service Ready 2
say "Calls that changed AWS: $(changes $from)"

title "An image that does not exist"
levers POST script "{\"images\": {\"$image:1.82\": {\"fate\": \"pull-fails\"}}}" >/dev/null
apply_image 1.82
until_service Stalled 3
target_group=$(kubectl get $service -o jsonpath='{.status.targetGroups[0].arn}')
healthy=$(ask elasticloadbalancing DescribeTargetHealth "{\"TargetGroupArn\": \"$target_group\"}" | grep -o '"State":"healthy"' | wc -l)
say "The load balancer still has $healthy healthy targets: $(kubectl get $service -o jsonpath='revision {.status.taskDefinition.revision} runs with {.status.runningCount} tasks.')"

if [ "${DEMO:-}" != once ]; then
    trap 'exit 0' INT
    title "Now you, in another terminal:"
    say "export KUBECONFIG=$KUBECONFIG PATH=$PWD/.cache/bin:\$PATH"
    say "kubectl describe ecsservice web"
    say "kubectl apply -f examples/quickstart         # the image that works again"
    say "kubectl scale ecsservice web --replicas=4"
    printf '\n'
    say "$aws/_control lists the simulator's levers: its clock, its state, faults."
    printf '\nEnter stops and removes everything. '
    read -r _ || true
    exit 0
fi

title "Deleting everything"
say '$ kubectl delete -f examples/quickstart'
kubectl delete --timeout=${patience}s -f examples/quickstart | indented
is_gone() { # WHAT ANSWER EXPECTED
    [ "$2" = "$3" ] || fail "AWS still has $1: $2"
}
is_gone "a cluster" "$(ask ecs ListClusters '{}')" '{"clusterArns":[]}'
is_gone "an active task definition" "$(ask ecs ListTaskDefinitions '{"status": "ACTIVE"}')" '{"taskDefinitionArns":[]}'
is_gone "a target group" "$(ask elasticloadbalancing DescribeTargetGroups '{}')" '{"TargetGroups":[]}'
rules=$(ask elasticloadbalancing DescribeRules "{\"ListenerArn\": \"$listener\"}" | grep -o '"IsDefault":[a-z]*')
is_gone "a rule" "$rules" '"IsDefault":true'
say "AWS has nothing left of it: no service, cluster, active revision, target group or rule."
