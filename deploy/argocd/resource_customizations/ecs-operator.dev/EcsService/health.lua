-- The conditions tell how an object is: Ready always, Reconciling and Stalled only while they are True. They count once
-- they speak of the spec that is there.
local function health(status, message)
  return { status = status, message = message }
end

local function text(condition)
  local reason = condition.reason or condition.type
  if condition.message == nil or condition.message == "" then
    return reason
  end
  return reason .. ": " .. condition.message
end

if obj.spec ~= nil and obj.spec.suspend == true then
  return health("Suspended", "spec.suspend is true: AWS is neither read nor changed")
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "Waiting for the operator to see this spec")
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.observedGeneration ~= obj.metadata.generation then
    return health("Progressing", "Waiting for condition " .. tostring(condition.type) .. " to speak of this spec")
  end
  conditions[condition.type] = condition
end

local stalled, reconciling, ready = conditions.Stalled, conditions.Reconciling, conditions.Ready
if stalled ~= nil and stalled.status == "True" then
  return health("Degraded", text(stalled))
end
if reconciling ~= nil and reconciling.status == "True" then
  return health("Progressing", text(reconciling))
end
if ready == nil then
  return health("Progressing", "Waiting for condition Ready")
end
if ready.status == "True" then
  return health("Healthy", text(ready))
end
return health("Progressing", text(ready))
