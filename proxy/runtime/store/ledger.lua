-- The ledger's atomic steps on Redis; runs in the server, one step for one (customer, person) pair.
-- Mirrors attempts.py and policy/inquiry.py line by line; a test plays the same random histories against both.
--
-- ask, release: KEYS[1] the person's refusal and consents (hash), KEYS[2] attempts written (string of 11-byte entries),
--               KEYS[3] attempts under the key before or after it, if two keys are in use
-- the others:   KEYS[1] the same hash, KEYS[2] sources and proofs (hash)
-- Whatever concerns a refusal is told to all nodes in the same step; a notice that may not be given harms nothing.
-- hash fields:  r = when refused; c<reference> = at, until, withdrawn, slot from, slot until, then the campaign

local SAME = 300
local ENTRY = 11
local MOST = 500
local QUESTION = '>dddddddBBBdc4c3'
local ANSWER = '>BdddddIddIdd'
local CONSENT = '>ddddd'

local function entries(keys, each)
  local rows = {}
  for index = 2, #keys do
    local row = redis.call('GET', keys[index]) or ''
    rows[index - 1] = row
    for place = 1, #row, ENTRY do
      each((struct.unpack('>I', row, place)), string.sub(row, place + 4, place + 7),
        string.sub(row, place + 8, place + 10), string.sub(row, place, place + 10))
    end
  end
  return rows
end

local function newer(one, other)
  for index = 1, #one do
    if one[index] ~= other[index] then return one[index] > other[index] end
  end
  return false
end

local function agreements(key, at, campaign)
  local refusal, best, slot = 0, { -1, 0, 0, '' }, { 0, 0, 0 }
  local found = redis.call('HGETALL', key)
  for index = 1, #found, 2 do
    local field, value = found[index], found[index + 1]
    if field == 'r' then
      refusal = struct.unpack('>d', value)
    else
      local given, ends, withdrawn, from, to, place = struct.unpack(CONSENT, value)
      local named = string.sub(value, place)
      if given <= at and not (withdrawn > 0 and withdrawn <= at) and (named == '' or named == campaign) then
        if from == 0 then
          local rank = { at < ends and 1 or 0, given, ends, string.sub(field, 2) }
          if newer(rank, best) then best = rank end
        elseif from <= at and at < to and newer({ given, to, from }, slot) then
          slot = { given, to, from }
        end
      end
    end
  end
  return refusal, best, slot
end

local function ask(keys, args)
  local at, window_start, window_most, campaign_most, gap, refusal_since, consent_since, reserve, consent_needed,
    slot_needed, kept, id, campaign = struct.unpack(QUESTION, args[1])
  local now = math.floor(at)
  local alive, count, first, last, own, own_last, counted = {}, 0, 0, 0, 0, 0, false
  entries(keys, function(time, mark, tag, entry)
    if time <= now - kept then return end
    alive[#alive + 1] = entry
    if mark == id and tag == campaign and math.abs(now - time) <= SAME then
      counted = true
      return
    end
    if time >= window_start then
      count = count + 1
      if first == 0 or time < first then first = time end
      if time > last then last = time end
    end
    if tag == campaign then
      own = own + 1
      if time > own_last then own_last = time end
    end
  end)
  local refusal, given, slot = agreements(keys[1], at, args[2])
  if not counted then
    local in_slot = slot[3] > 0
    local consented = in_slot or (given[2] > 0 and consent_since <= given[2] and at < given[3])
    local refused = refusal_since >= 0 and refusal > 0 and refusal >= refusal_since
      and not (refusal < given[2] and given[2] <= at) and not (in_slot and refusal < slot[1])
    counted = reserve == 1
      and not (window_most > 0 and count >= window_most)
      and not (campaign_most > 0 and own >= campaign_most)
      and not (gap > 0 and own_last > 0 and at - own_last < gap)
      and not refused
      and not (consent_needed == 1 and not consented)
      and not (slot_needed == 1 and not in_slot)
    if counted then
      alive[#alive + 1] = struct.pack('>Ic4c3', now, id, campaign)
      redis.call('SET', keys[2], table.concat(alive, '', math.max(1, #alive - MOST + 1)), 'EX', kept)
      if keys[3] then redis.call('DEL', keys[3]) end
    end
  end
  return struct.pack(ANSWER, counted and 1 or 0, refusal, given[2], given[3], slot[3], slot[2], count, first, last,
    own, own_last, slot[1]) .. given[4]
end

local function release(keys, args)
  local now, id, campaign = struct.unpack('>dc4c3', args[1])
  for index = 2, #keys do
    local left, gone = {}, false
    entries({ keys[1], keys[index] }, function(time, mark, tag, entry)
      if mark == id and tag == campaign and math.abs(now - time) <= SAME then
        gone = true
      else
        left[#left + 1] = entry
      end
    end)
    if gone and #left == 0 then
      redis.call('DEL', keys[index])
    elseif gone then
      redis.call('SET', keys[index], table.concat(left), 'KEEPTTL')
    end
  end
  return 1
end

-- a refusal has no end; without one, both hashes go when the last proof need not be kept any more
local function age(keys, kept)
  for index = 1, 2 do
    if redis.call('HEXISTS', keys[1], 'r') == 1 then
      redis.call('PERSIST', keys[index])
    else
      redis.call('EXPIRE', keys[index], kept)
    end
  end
end

local function tell(key)
  redis.pcall('PUBLISH', 'npv:changes', 'p' .. key)
end

local function refuse(keys, args)
  local known = redis.call('HGET', keys[1], 'r')
  if not known or struct.unpack('>d', known) <= struct.unpack('>d', args[1]) then
    redis.call('HSET', keys[1], 'r', args[1])
    redis.call('HSET', keys[2], 'r', args[2])
    age(keys, 0)
    tell(keys[1])
  end
  return 1
end

local function withdraw_refusal(keys, args)
  local gone = redis.call('HDEL', keys[1], 'r')
  redis.call('HDEL', keys[2], 'r')
  age(keys, tonumber(args[1]))
  if gone == 1 then tell(keys[1]) end
  return gone
end

local function consent(keys, args)
  local oldest = struct.unpack('>d', args[2]) - tonumber(args[4])
  local found = redis.call('HGETALL', keys[1])
  for index = 1, #found, 2 do
    if found[index] ~= 'r' and struct.unpack('>d', found[index + 1]) <= oldest then
      redis.call('HDEL', keys[1], found[index])
      redis.call('HDEL', keys[2], found[index])
    end
  end
  local row, known = args[2], redis.call('HGET', keys[1], 'c' .. args[1])
  if known then
    local _, _, withdrawn = struct.unpack(CONSENT, known)
    local given, ends, _, from, to, place = struct.unpack(CONSENT, row)
    if withdrawn > 0 and withdrawn >= given then
      row = struct.pack(CONSENT, given, ends, withdrawn, from, to) .. string.sub(row, place)
    end
  end
  redis.call('HSET', keys[1], 'c' .. args[1], row)
  redis.call('HSET', keys[2], 'c' .. args[1], args[3])
  age(keys, tonumber(args[4]))
  if redis.call('HEXISTS', keys[1], 'r') == 1 then tell(keys[1]) end
  return 1
end

local function withdraw_consent(keys, args)
  local ended = 0
  local found = redis.call('HGETALL', keys[1])
  for index = 1, #found, 2 do
    local field, value = found[index], found[index + 1]
    if field ~= 'r' and (args[2] == '' or field == 'c' .. args[2]) then
      local given, ends, withdrawn, from, to, place = struct.unpack(CONSENT, value)
      if withdrawn == 0 then
        ended = ended + 1
        redis.call('HSET', keys[1], field,
          struct.pack(CONSENT, given, ends, tonumber(args[1]), from, to) .. string.sub(value, place))
      end
    end
  end
  if ended > 0 and redis.call('HEXISTS', keys[1], 'r') == 1 then tell(keys[1]) end
  return ended
end

redis.register_function('ask_VERSION', ask)
redis.register_function('release_VERSION', release)
redis.register_function('refuse_VERSION', refuse)
redis.register_function('withdraw_refusal_VERSION', withdraw_refusal)
redis.register_function('consent_VERSION', consent)
redis.register_function('withdraw_consent_VERSION', withdraw_consent)
