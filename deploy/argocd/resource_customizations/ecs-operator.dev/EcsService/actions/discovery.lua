local suspended = obj.spec ~= nil and obj.spec.suspend == true
local observed = obj.spec ~= nil and obj.spec.managementPolicy == "Observe"
local rollout = obj.status ~= nil and obj.status.rollout or nil
local rolling = rollout ~= nil and rollout.id ~= nil and rollout.state ~= "Completed" and rollout.state ~= "Failed"
local hands_off = suspended or observed

local actions = {}
actions["reconcile"] = { ["disabled"] = suspended, ["displayName"] = "Reconcile now", ["iconClass"] = "fa fa-fw fa-sync" }
actions["suspend"] = { ["disabled"] = suspended, ["iconClass"] = "fa fa-fw fa-pause" }
actions["resume"] = { ["disabled"] = not suspended, ["iconClass"] = "fa fa-fw fa-play" }
actions["restart"] = { ["disabled"] = hands_off, ["displayName"] = "Restart tasks", ["iconClass"] = "fa fa-fw fa-redo" }
actions["approve"] = { ["disabled"] = hands_off or not rolling, ["displayName"] = "Approve deployment", ["iconClass"] = "fa fa-fw fa-check" }
actions["abort"] = { ["disabled"] = hands_off or not rolling, ["displayName"] = "Abort deployment", ["iconClass"] = "fa fa-fw fa-times" }
return actions
