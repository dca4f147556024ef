-- Of a deployment that waits at a lifecycle hook. The annotation names it, so that the word counts for no later one.
local rollout = obj.status ~= nil and obj.status.rollout or nil
if rollout == nil or rollout.id == nil then
  error("status.rollout.id is empty: there is no deployment to abort")
end
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["ecs-operator.dev/deployment-action"] = rollout.id .. "=Rollback"
return obj
